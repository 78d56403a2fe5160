import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { valueAndGradients } from './value-and-gradients.ts'

beforeAll(() => tf.setBackend('cpu'))

describe('valueAndGradients', () => {
  it('takes any function whose result is a scalar', async () => {
    const mean: (x: tf.Tensor) => tf.Tensor = (x) => tf.mean(tf.square(x))
    const { value, gradients } = valueAndGradients(({ x }) => mean(x), { x: tf.tensor([1, 3]) })
    expect((await value.data())[0]).toBe(5)
    expect([...(await gradients.x!.data())]).toEqual([1, 3])
  })

  // The gradient of several numbers would be that of their sum.
  it('refuses several numbers', () => {
    const run = () => valueAndGradients(({ x }) => tf.square(x), { x: tf.tensor([1, 3]) })
    expect(run).toThrow(/expected a function that returns a scalar, got \[2\]/)
    expect(run).toThrow(expect.objectContaining({ code: 'network.shape' }))
  })
})
