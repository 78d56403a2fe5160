import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { apply, mapRecord, mergeBranches, predict, useBackend } from '@gpdjs/core'
import { extractStudent, studentView } from '@gpdjs/cbr-reparam'
import { branchParameters, expand, liftParameters, liftStatistics, orepa, teacherView } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { contrast, distance, random, SEED, smallStudent, values } from './small-networks.ts'

/** One network of each family, and the ops that it alone brings along. */
const families = {
  resnet20: ['add'],
  resnet50: ['maxPool'],
  wrn_16_2: [],
  vgg13: [],
  vgg11_bn: ['adaptiveAveragePool', 'flatten'],
  mobilenet_v1: ['depthwiseConv2d'],
  mobilenet_v2: ['relu6'],
  shufflenet_v2_x0_5: ['channelSplit', 'channelShuffle'],
  convnext_atto: ['scale', 'layerNorm'],
  vit_b_16: ['selfAttention', 'prependTokens', 'positionEmbedding', 'takeToken'],
  deit_tiny_distilled: ['average'],
  rvt_tiny: ['toMap'],
  mixer_s16: ['swapTokens', 'meanToken'],
} as const

interface Setting {
  readonly ratio: number
  readonly branches: boolean
  readonly parameterization: 'reference' | 'balanced'
}

const settings: readonly Setting[] = [
  { ratio: 3, branches: false, parameterization: 'reference' },
  { ratio: 2, branches: true, parameterization: 'reference' },
  { ratio: 3, branches: true, parameterization: 'balanced' },
]

function lifted(name: string, { ratio, branches, parameterization }: Setting) {
  const { network, parameters, statistics, x } = smallStudent(name)
  const expansion = expand(network, { ratio, parameterization, ...(branches && { branches: orepa() }) })
  const branched = branchParameters(expansion, parameters, SEED)
  const stored = liftParameters(expansion, branched, { kind: 'zero-sum', deviation: 0.01 }, SEED)
  return { network, expansion, statistics, branched, stored, x }
}

beforeAll(async () => {
  await useBackend('wasm')
})

describe.each(Object.entries(families))('%s, small', (name, ops) => {
  describe.each(settings)('ratio $ratio, branches: $branches, $parameterization', (setting) => {
    it('1. is the student view of its dynamic teacher', () => {
      tf.tidy(() => {
        const { network, expansion, branched, stored } = lifted(name, setting)
        expect(network.nodes.map(({ op }) => op)).toEqual(expect.arrayContaining([...ops]))
        const [view, merged] = [studentView(expansion, stored), mergeBranches(expansion, branched)]
        expect(Object.keys(view).sort()).toEqual(Object.keys(merged).sort())
        if (setting.ratio === 2) expect(values(view)).toEqual(values(merged))
        // A third, times three: the last bit may differ.
        else for (const key of Object.keys(merged)) expect(distance(view[key]!, merged[key]!), key).toBeLessThan(3e-7)
      })
    })

    it.each([false, true])('2. computes what its dynamic teacher does, in training mode: %s', (training) => {
      tf.tidy(() => {
        const { expansion, statistics, branched, stored, x } = lifted(name, setting)
        const student = apply(
          { network: expansion.student, parameters: mergeBranches(expansion, branched), statistics },
          x,
          { training },
        )
        const wide = liftStatistics(expansion, statistics)
        const teacher = apply(
          { network: expansion.teacher, parameters: teacherView(expansion, stored), statistics: wide },
          x,
          { training },
        )
        expect(contrast(student.outputs['logits']!), 'logits depend on the image').toBeGreaterThan(0.05)
        expect(distance(teacher.outputs['logits']!, student.outputs['logits']!)).toBeLessThan(2e-5)
      })
    })

    it('4. gives the same logits when it is extracted, to the last bit', () => {
      tf.tidy(() => {
        const { expansion, statistics, stored, x } = lifted(name, setting)
        const trained = mapRecord(stored, (tensor, key) => tf.add(tensor, random(tensor.shape, `step ${key}`, 0.02)))
        const deployed = extractStudent(expansion, trained, statistics)
        const view = studentView(expansion, trained)
        const inTraining = predict({ network: expansion.student, parameters: view, statistics }, x)
        const plain = predict(deployed, x)
        expect(Array.from(plain.dataSync())).toEqual(Array.from(inTraining.dataSync()))
        expect(Array.from(plain.dataSync()).every(Number.isFinite)).toBe(true)
      })
    })
  })
})

it.each([
  ['vit_b_16', 'class_token.token', [1, 3]],
  ['vit_b_16', 'encoder.pos_embedding.embedding', [1, 3]],
  ['vit_b_16', 'encoder.layers.encoder_layer_0.self_attention.in_proj.weight', [3, 3]],
  ['deit_tiny_distilled', 'dist_token.token', [1, 3]],
  ['convnext_atto', 'stages.0.blocks.0.gamma.gamma', [3]],
  ['convnext_atto', 'stages.0.blocks.0.conv_dw.weight', [1, 1, 3, 1]],
  ['rvt_tiny', 'pools.0.conv.weight', [1, 1, 1, 3]],
  ['shufflenet_v2_x0_5', 'stage2.1.branch2.0.weight', [1, 1, 3, 3]],
  ['vgg11_bn', 'classifier.0.weight', [3, 3]],
  ['mixer_s16', 'blocks.0.mlp_tokens.fc1.weight', [1, 3]],
])('%s has %s made wider by %j', (name, parameter, factors) => {
  const { network } = smallStudent(name)
  const { teacher } = expand(network, { ratio: 3 })
  const shape = (of: typeof network) => of.parameters.find((spec) => spec.name === parameter)!.shape
  expect(shape(teacher)).toEqual(shape(network).map((size, axis) => size * factors[axis]!))
})
