import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import {
  apply,
  conv2d,
  dense,
  flatten,
  graph,
  initializeParameters,
  useBackend,
  valueAndGradients,
  type TensorRecord,
} from '@gpdjs/core'
import { studentView } from '@gpdjs/cbr-reparam'
import { inverseReparameterization, teacherView } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it } from 'vitest'
import { random, SEED } from './small-networks.ts'

/** A convolution whose whole map a dense layer reads: the input axis of its kernel repeats the channels 16 times. */
function shared() {
  const g = graph({ name: 'flattened', inputShape: [4, 4, 2] })
  const map = g.add('conv', conv2d({ filters: 3, kernelSize: 3, useBias: true }), 'image')
  const student = g.build(g.add('fc', dense({ units: 2 }), g.add('flat', flatten(), map)))
  const ir = inverseReparameterization({ ratio: 2 })
  const expansion = ir.expand(student)
  const stored = ir.lift(expansion, initializeParameters(student.parameters, SEED), SEED)
  const x = random([3, 4, 4, 2], 'images')
  const squares = (network: typeof student, parameters: TensorRecord) =>
    tf.sum(tf.square(apply({ network, parameters, statistics: {} }, x, { training: true }).outputs['logits']!))
  const objective = (tensors: TensorRecord) =>
    tf.add(
      squares(expansion.student, studentView(expansion, tensors)),
      squares(expansion.teacher, teacherView(expansion, tensors)),
    ) as tf.Scalar
  return { stored, objective }
}

describe.each(['cpu', 'wasm'] as const)('a flattened map under a shared kernel on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('has the gradient of finite differences through both views, in every tensor', () => {
    tf.tidy(() => {
      const { stored, objective } = shared()
      const { gradients } = valueAndGradients(objective, stored)
      expect(Object.keys(gradients).sort()).toEqual(['conv.bias', 'conv.weight', 'fc.bias', 'fc.weight'])
      for (const [name, tensor] of Object.entries(stored)) {
        const direction = random(tensor.shape, `direction ${name}`)
        const h = 0.1 // the objective is quadratic in each tensor, so a long step is exact
        const moved = (step: number) =>
          objective({ ...stored, [name]: tf.add(tensor, tf.mul(direction, step)) }).dataSync()[0]!
        const expected = (moved(h) - moved(-h)) / (2 * h)
        const actual = tf.sum(tf.mul(gradients[name]!, direction)).dataSync()[0]!
        expect(Math.abs(actual - expected), name).toBeLessThan(1e-4 * (1 + Math.abs(expected)))
      }
    })
  })
})
