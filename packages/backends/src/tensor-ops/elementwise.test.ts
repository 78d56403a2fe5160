import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import { tensorOps, withoutTape } from '@gpdjs/core'

const { biasAdd, channelSum, globalAveragePool, relu } = tensorOps

const list = (tensor: tf.Tensor) => Array.from(tensor.dataSync())

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('relu keeps the positive part, and has no gradient at zero', () => {
    const x = tf.tensor1d([-2, -0, 0, 1e-30, 3])
    expect(list(tf.add(relu(x), 0))).toEqual([0, 0, 0, Math.fround(1e-30), 3])
    expect(list(tf.grad(relu)(x, tf.tensor1d([5, 5, 5, 5, 7])))).toEqual([0, 0, 0, 5, 7])
  })

  it('biasAdd adds one value per channel, and sums the gradient over everything else', () => {
    const [x, bias] = [tf.reshape(tf.range(0, 12), [2, 2, 3]), tf.tensor1d([10, 20, 30])]
    expect(list(biasAdd(x, bias))).toEqual([10, 21, 32, 13, 24, 35, 16, 27, 38, 19, 30, 41])
    const [dx, dBias] = tf.grads(biasAdd as (...inputs: tf.Tensor[]) => tf.Tensor)([x, bias], x)
    expect(list(dx!)).toEqual(list(x))
    expect(list(dBias!)).toEqual([0 + 3 + 6 + 9, 1 + 4 + 7 + 10, 2 + 5 + 8 + 11])
  })

  it('channelSum is exact for a hundred thousand ones', () => {
    expect(list(channelSum(tf.ones([100_000, 2])))).toEqual([100_000, 100_000])
    expect(channelSum(tf.ones([2, 3, 4])).shape).toEqual([4])
  })

  it('globalAveragePool is the mean over positions, its gradient an equal share', () => {
    const x = tf.tensor4d([1, 10, 2, 20, 3, 30, 6, 60], [1, 2, 2, 2])
    expect(list(globalAveragePool(x))).toEqual([3, 30])
    expect(list(tf.grad((x) => globalAveragePool(x as tf.Tensor4D))(x, tf.tensor2d([[4, 8]])))).toEqual([
      1, 2, 1, 2, 1, 2, 1, 2,
    ])
  })

  it('withoutTape makes a constant', () => {
    const f = (x: tf.Tensor) =>
      tf.mul(
        x,
        withoutTape(() => tf.square(x)),
      )
    expect(list(tf.grad(f)(tf.tensor1d([3])))).toEqual([9])
  })
})
