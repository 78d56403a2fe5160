import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ImageSet } from '../images/image-set.ts'
import { imageSource } from './image-source.ts'

const set: ImageSet = {
  name: 'two',
  images: Uint8Array.of(0, 255, 51, 102, 153, 204, 1, 2, 3, 4, 5, 6),
  labels: Uint8Array.of(1, 0),
  shape: [1, 2, 3],
  classes: 2,
}
const whole = { batchSize: 2, seed: 0, epoch: 0, training: false }

beforeAll(() => tf.setBackend('cpu'))

describe('imageSource', () => {
  it('normalizes each channel by its own mean and deviation', async () => {
    const mean = [0.1, 0.2, 0.3]
    const deviation = [0.5, 0.25, 2]
    const [batch] = imageSource(set, { moments: { mean, deviation } }).batches(whole)
    const { image, label } = batch!.fields as { image: tf.Tensor; label: tf.Tensor }
    expect([image.shape, image.dtype, label.shape, label.dtype]).toEqual([[2, 1, 2, 3], 'float32', [2], 'int32'])
    const expected = Array.from(set.images, (value, i) => (value / 255 - mean[i % 3]!) / deviation[i % 3]!)
    expect([...(await image.data())]).toEqual(expected.map(Math.fround))
    expect([...(await label.data())]).toEqual([1, 0])
  })

  it('normalizes further views alike', async () => {
    const inverted = { ...set, images: set.images.map((value) => 255 - value) }
    const normal = { mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.25, 2] }
    const invert = (image: Uint8Array, target: Uint8Array) => target.set(image.map((value) => 255 - value))
    const both = imageSource(set, { moments: normal, views: { inverted: invert } })
    const [{ fields }] = both.batches({ ...whole, training: true }) as never as [{ fields: Record<string, tf.Tensor> }]
    const alone = imageSource(inverted, { moments: normal })
    const [batch] = alone.batches({ ...whole, training: true })
    expect([...(await fields['image/inverted']!.data())]).toEqual([...(await batch!.fields['image']!.data())])
  })

  it('declares its fields', () => {
    const identity = (image: Uint8Array, target: Uint8Array) => target.set(image)
    expect(imageSource(set)).toMatchObject({ size: 2, varying: false })
    expect(imageSource(set, { augment: identity }).varying).toBe(true)
    const image = { shape: [1, 2, 3], dtype: 'float32' }
    const { fields } = imageSource(set, { views: { strong: identity } })
    expect(fields).toEqual({ image, label: { shape: [], dtype: 'int32', size: 2 }, 'image/strong': image })
  })

  it('makes two tensors for a batch and leaves none behind when they are disposed', () => {
    const before = tf.memory().numTensors
    const [batch] = imageSource(set).batches(whole)
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose({ ...batch!.fields })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('gives arrays of its own: writing into them leaves the set as it is', () => {
    const before = Uint8Array.from(set.images)
    const overwrite = (_: Uint8Array, target: Uint8Array) => target.fill(99)
    for (const { fields } of imageSource(set, { augment: overwrite }).batches({ ...whole, training: true }))
      tf.dispose({ ...fields })
    expect(set.images).toEqual(before)
  })

  it('refuses a set whose parts do not fit together', () => {
    expect(() => imageSource({ ...set, labels: Uint8Array.of(1, 2) })).toThrow(
      /two: expected labels 0 … 1, got 2 at index 1/,
    )
    expect(() => imageSource({ ...set, images: set.images.subarray(1) })).toThrow(
      expect.objectContaining({ code: 'data.mismatch' }),
    )
  })

  it.each([
    { fault: 'moments of one channel', moments: { mean: [0], deviation: [1] }, code: 'data.mismatch' },
    { fault: 'a deviation too few', moments: { mean: [0, 0, 0], deviation: [1, 1] }, code: 'data.mismatch' },
    { fault: 'a deviation of 0', moments: { mean: [0, 0, 0], deviation: [1, 0, 1] }, code: 'config.invalid' },
    { fault: 'a mean that is no number', moments: { mean: [0, NaN, 0], deviation: [1, 1, 1] }, code: 'config.invalid' },
  ])('refuses $fault', ({ moments, code }) => {
    expect(() => imageSource(set, { moments })).toThrow(expect.objectContaining({ code }))
  })
})
