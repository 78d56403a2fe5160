import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { toTensors } from './to-tensors.ts'

const batch = {
  index: Uint32Array.of(4, 2),
  images: Uint8Array.of(0, 255, 51, 102, 153, 204, 1, 2, 3, 4, 5, 6),
  labels: Int32Array.of(1, 0),
  shape: [1, 2, 3] as const,
}

beforeAll(() => tf.setBackend('cpu'))

describe('toTensors', () => {
  it('normalises each channel by its own mean and deviation', async () => {
    const mean = [0.1, 0.2, 0.3]
    const deviation = [0.5, 0.25, 2]
    const { xs, ys } = toTensors(batch, { mean, deviation })
    expect([xs.shape, xs.dtype, ys.shape, ys.dtype]).toEqual([[2, 1, 2, 3], 'float32', [2], 'int32'])
    const expected = Array.from(batch.images, (value, i) => (value / 255 - mean[i % 3]!) / deviation[i % 3]!)
    expect([...(await xs.data())]).toEqual(expected.map(Math.fround))
    expect([...(await ys.data())]).toEqual([1, 0])
    tf.dispose([xs, ys])
  })

  it('normalises further views alike', async () => {
    const view = batch.images.map((value) => 255 - value)
    const moments = { mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.25, 2] }
    const { xs, ys, views } = toTensors({ ...batch, views: { strong: view } }, moments)
    const alone = toTensors({ ...batch, images: view }, moments)
    expect([...(await views!['strong']!.data())]).toEqual([...(await alone.xs.data())])
    tf.dispose([xs, ys, { ...views }, alone.xs, alone.ys])
  })

  it('makes two tensors and leaves none behind when they are disposed', () => {
    const before = tf.memory().numTensors
    const tensors = toTensors(batch, { mean: [0, 0, 0], deviation: [1, 1, 1] })
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose([tensors.xs, tensors.ys])
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    { fault: 'moments of one channel', moments: { mean: [0], deviation: [1] }, code: 'data.mismatch' },
    { fault: 'a deviation too few', moments: { mean: [0, 0, 0], deviation: [1, 1] }, code: 'data.mismatch' },
    { fault: 'a deviation of 0', moments: { mean: [0, 0, 0], deviation: [1, 0, 1] }, code: 'config.invalid' },
    {
      fault: 'a mean that is no number',
      moments: { mean: [0, Number.NaN, 0], deviation: [1, 1, 1] },
      code: 'config.invalid',
    },
  ])('refuses $fault', ({ moments, code }) => {
    expect(() => toTensors(batch, moments)).toThrow(expect.objectContaining({ code }))
  })
})
