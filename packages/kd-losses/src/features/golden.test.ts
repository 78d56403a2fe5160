import { mapRecord } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { attentionFusion } from '../heads/attention-fusion.ts'
import { backends, evaluateFeatures, expectClose, useBackend, type Inputs } from '../testing/evaluate.ts'
import { goldenFiles, readGolden } from '../testing/golden.ts'
import { atLoss } from './at.ts'
import { fitnetLoss } from './fitnet.ts'
import { hclLoss } from './hcl.ts'
import { ndLoss } from './nd.ts'
import { nstLoss } from './nst.ts'
import { pktLoss } from './pkt.ts'
import { rkdLoss } from './rkd.ts'
import { spLoss } from './sp.ts'
import { vidLoss } from './vid.ts'

/** A tensor of a case; one that is absent must not look like one that is not needed. */
const of = (inputs: Inputs, name: string): tf.Tensor => {
  expect(Object.keys(inputs)).toContain(name)
  return inputs[name]!
}

const stages = (count: number, loss: (student: tf.Tensor, teacher: tf.Tensor) => tf.Scalar) => (inputs: Inputs) =>
  tf.addN(Array.from({ length: count }, (_, i) => loss(of(inputs, `s${i + 1}`), of(inputs, `t${i + 1}`)))) as tf.Scalar

/** The cases of the reference implementations (RepDistiller, mdistiller, the KD++ release) over features. */
const cases: Readonly<Record<string, (inputs: Inputs) => tf.Scalar>> = {
  rkd_d25_a50: (x) => rkdLoss(of(x, 's'), of(x, 'z'), { distance: 25, angle: 50 }),
  pkt: (x) => pktLoss(of(x, 's'), of(x, 'z')),
  sp: stages(1, spLoss),
  at_p2: stages(2, (s, t) => atLoss(s, t, { power: 2 })),
  nst: stages(2, nstLoss),
  nd_w1: (x) => ndLoss(of(x, 's'), of(x, 'z'), of(x, 'y') as tf.Tensor1D, of(x, 'centers') as tf.Tensor2D),
  hcl: stages(3, hclLoss),
  hint_mse: stages(1, fitnetLoss),
  vid: (x) =>
    vidLoss(of(x, 's1'), of(x, 't1'), {
      kernels: ['w0', 'w2', 'w4'].map((name) => of(x, name)),
      logScale: of(x, 'log_scale'),
    }),
}

/** The tensors that one fusion trains, by the reference's names. */
const fusionHeads = (x: Inputs) =>
  mapRecord(
    {
      'fusion.reduce.kernel': 'conv1.0.weight',
      'fusion.reduce.weight': 'conv1.1.weight',
      'fusion.reduce.bias': 'conv1.1.bias',
      'fusion.expand.kernel': 'conv2.0.weight',
      'fusion.expand.weight': 'conv2.1.weight',
      'fusion.expand.bias': 'conv2.1.bias',
      'fusion.attention.kernel': 'att_conv.0.weight',
      'fusion.attention.bias': 'att_conv.0.bias',
    },
    (name) => of(x, `param/${name}`),
  )

describe.each(goldenFiles)('%s', (file) => {
  describe.each(backends)('on %s', (backend) => {
    beforeAll(() => useBackend(backend))

    it.each(Object.keys(cases))('%s has the reference value and gradients', async (name) => {
      const { part, loss } = await readGolden(file, name)
      const gradients = part('grad/')
      const actual = await evaluateFeatures(cases[name]!, part('in/'))
      expectClose([[actual.value]], [[loss]], 1e-5)
      expect(Object.keys(gradients).length).toBeGreaterThan(0)
      expect(Object.keys(actual.gradients).filter((key) => /^(z|t\d|centers)$/.test(key))).toEqual([])
      for (const [key, gradient] of Object.entries(gradients)) {
        expectClose([actual.gradients[key] ?? []], [gradient.data], 1e-4)
      }
    })

    it('attention based fusion has the reference outputs and vector-Jacobian products', async () => {
      const { part } = await readGolden(file, 'abf')
      const outputs = part('')
      const [cotangent, residualCotangent] = [part('cotangent/')['out']!, part('cotangent/')['residual']!]
      const parameters = Object.fromEntries(
        Object.entries(part('param/')).map(([name, value]) => [`param/${name}`, value]),
      )
      const inputs = { ...part('in/'), ...parameters, cotangent, residualCotangent }
      const seen: Record<string, number[]> = {}
      const actual = await evaluateFeatures((x) => {
        const { output, residual } = attentionFusion(
          of(x, 'x') as tf.Tensor4D,
          of(x, 'y') as tf.Tensor4D,
          outputs['out']!.shape.slice(1, 3) as [number, number],
          fusionHeads(x),
        )
        Object.assign(seen, { out: [...output.dataSync()], residual: [...residual.dataSync()] })
        return tf.add(tf.sum(tf.mul(output, of(x, 'cotangent'))), tf.sum(tf.mul(residual, of(x, 'residualCotangent'))))
      }, inputs)
      expectClose([seen['out'] ?? []], [outputs['out']!.data], 1e-5)
      expectClose([seen['residual'] ?? []], [outputs['residual']!.data], 1e-5)
      const gradients = Object.entries(part('grad/'))
      expect(gradients).toHaveLength(10)
      for (const [key, gradient] of gradients) {
        expectClose([actual.gradients[key] ?? []], [gradient.data], 1e-4)
      }
    })
  })
})
