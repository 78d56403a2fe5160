import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, mapRecord, mergeBranches, predict, useBackend } from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import { branchParameters, expand, liftParameters, liftStatistics, lowRank, teacherView } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { contrast, distance, random, SEED, smallStudent, values } from './small-networks.ts'

/** Adapters on 1×1 convolutions, behind a flattened map, in attention, and between swapped axes. */
const NETWORKS = ['resnet50', 'vgg11_bn', 'vit_b_16', 'mixer_s16']

const SETTINGS = [1, 2, 3].flatMap((ratio) =>
  (['reference', 'balanced'] as const).flatMap((parameterization) =>
    (['all', 'branches'] as const).map((train) => ({ ratio, parameterization, train })),
  ),
)
type Setting = (typeof SETTINGS)[number]

/** A student whose adapters are far from zero, and its dynamic teacher. */
function lifted(name: string, { ratio, parameterization, train }: Setting) {
  const { network, parameters, statistics, x } = smallStudent(name)
  const branches = lowRank({ rank: 2, alpha: 3 })
  const expansion = expand(network, { ratio, parameterization, branches, train })
  const branched = mapRecord(branchParameters(expansion, parameters, SEED), (tensor, key) =>
    key.endsWith('.up') ? random(tensor.shape, key, 0.1) : tensor,
  )
  const stored = liftParameters(expansion, branched, { kind: 'zero-sum', deviation: 0.01 }, SEED)
  return { expansion, statistics, branched, stored, x }
}

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(NETWORKS)('%s with adapters', (name) => {
  it.each(SETTINGS)('keeps the laws (ratio $ratio, $parameterization, train: $train)', (setting) => {
    tf.tidy(() => {
      const { expansion, statistics, branched, stored, x } = lifted(name, setting)
      const plain = mergeBranches(expansion, branched)
      const view = studentView(expansion, stored)
      expect(Object.keys(view).sort()).toEqual(Object.keys(plain).sort())
      if (setting.ratio < 3) expect(values(view)).toEqual(values(plain))
      // A third, times three: the last bit may differ.
      else for (const key of Object.keys(plain)) expect(distance(view[key]!, plain[key]!), key).toBeLessThan(3e-7)

      for (const training of [false, true]) {
        const student = apply({ network: expansion.student, parameters: plain, statistics }, x, { training }).outputs[
          'logits'
        ]!
        const wide = liftStatistics(expansion, statistics)
        const teacher = apply(
          { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: wide },
          x,
          { training },
        ).outputs['logits']!
        expect(contrast(student as tf.Tensor2D), 'logits depend on the image').toBeGreaterThan(0.05)
        expect(distance(teacher, student)).toBeLessThan(2e-5)
      }

      const { network, parameters, statistics: moments } = extractStudent(expansion, stored, statistics)
      const logits = predict({ network, parameters, statistics: moments }, x).dataSync()
      expect(logits).toEqual(predict({ network, parameters: view, statistics }, x).dataSync())
    })
  })
})
