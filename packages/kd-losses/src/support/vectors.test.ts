import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, useBackend } from '../testing/evaluate.ts'
import { drawn, rows } from '../testing/features.ts'
import { finiteDifferences, type Matrix } from '../testing/plain-math.ts'
import { unit } from './vectors.ts'

const weights = drawn('weights', [3, 4])

/** `Σ weights · x / ‖x‖` by rows. */
const plain = (x: Matrix) =>
  x.reduce((sum, row, b) => {
    const length = Math.hypot(...row)
    return sum + row.reduce((inner, value, c) => inner + (value / length) * weights.data[b * 4 + c]!, 0)
  }, 0)

describe.each(backends)('unit on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('has length 1 and the gradient of x / ‖x‖', async () => {
    const x = drawn('x', [3, 4])
    const weigh = (t: tf.Tensor, by: tf.Tensor) => tf.sum(tf.mul(unit(t), by)) as tf.Scalar
    const { value, gradients } = await evaluateFeatures((t) => weigh(t['x']!, t['by']!), { x, by: weights })
    expectClose([[value]], [[plain(rows(x))]], 1e-6)
    expectClose([gradients['x']!], [finiteDifferences(plain, rows(x)).flat()], 1e-5)
    expectClose([[...(await tf.norm(unit(tf.tensor2d([[3, 4], [0, 1e-3]])), 2, 1).data())]], [[1, 1]], 1e-6) // prettier-ignore
  })

  it('normalizes along any axis', async () => {
    const x = tf.tensor3d([3, 1, 4, 0], [1, 2, 2])
    expectClose([[...(await unit(x, 1).data())]], [[0.6, 1, 0.8, 0]], 1e-6)
  })

  it('is 0 with gradient 0 at 0', async () => {
    const zero = { shape: [2, 3], data: [0, 0, 0, 0, 0, 0] }
    const { value, gradients } = await evaluateFeatures((t) => tf.sum(unit(t['x']!)) as tf.Scalar, { x: zero })
    expect(value).toBe(0)
    expect(gradients['x']!.map(Math.abs)).toEqual(zero.data)
  })
})
