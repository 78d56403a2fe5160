import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { tensorSource } from './tensor-source.ts'

beforeAll(() => tf.setBackend('cpu'))

const xs = tf.tensor4d([0, 1, 2, 3], [4, 1, 1, 1])
const ys = tf.tensor1d([0, 1, 0, 1], 'int32')

describe('tensorSource', () => {
  it('gives images and labels of the same samples, and views in training only', () => {
    const data = tensorSource({ xs, ys, classes: 2, views: { strong: tf.mul(xs, 10) } })
    for (const { fields, index } of data.batches({ batchSize: 2, seed: 0, epoch: 0, training: true })) {
      expect([...fields['image']!.dataSync()]).toEqual([...index])
      expect([...fields['image/strong']!.dataSync()]).toEqual([...index].map((n) => 10 * n))
      expect([...fields['label']!.dataSync()]).toEqual([...index].map((n) => n % 2))
    }
    const [evaluated] = data.batches({ batchSize: 4, seed: 0, epoch: 0, training: false })
    expect(Object.keys(evaluated!.fields)).toEqual(['image', 'label'])
  })

  it('gives any named fields, and declares their shapes and types', () => {
    const tokens = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2], 'int32')
    const data = tensorSource({ fields: { tokens, picture: xs }, sizes: { tokens: 9 } })
    expect(data.fields).toEqual({
      tokens: { shape: [2], dtype: 'int32', size: 9 },
      picture: { shape: [1, 1, 1], dtype: 'float32' },
    })
    const [batch] = data.batches({ batchSize: 4, seed: 0, epoch: 0, training: false })
    expect([...batch!.fields['tokens']!.dataSync()]).toEqual([...tokens.dataSync()])
    expect(batch!.fields['picture']!.shape).toEqual([4, 1, 1, 1])
  })

  it('refuses entries out of range, tensors of different lengths, and views of another shape', async () => {
    const wrong = tensorSource({ xs, ys: tf.tensor1d([0, 1, 2, 1], 'int32'), classes: 2 })
    await expect(wrong.check!()).rejects.toMatchObject({ code: 'data.label-range' })
    await expect(wrong.check!()).rejects.toThrow(/expected labels 0 … 1, got 2 at index 2/)
    expect(() => tensorSource({ xs, ys: tf.tensor1d([0], 'int32'), classes: 2 })).toThrow(
      /4 samples of 'image', but 1 of 'label'/,
    )
    expect(() => tensorSource({ xs, ys, classes: 2, views: { strong: tf.zeros([4, 2, 2, 1]) } })).toThrow(
      /expected the view 'strong' as \[4, 1, 1, 1\], got \[4, 2, 2, 1\]/,
    )
  })

  it('gives a field a/b in training only: it is a view', () => {
    const data = tensorSource({ fields: { picture: xs, 'picture/strong': tf.mul(xs, 10) } })
    expect(Object.keys(data.fields)).toEqual(['picture', 'picture/strong'])
    const names = (training: boolean) =>
      [...data.batches({ batchSize: 4, seed: 0, epoch: 0, training })].map(({ fields }) => Object.keys(fields))
    expect([names(true), names(false)]).toEqual([[['picture', 'picture/strong']], [['picture']]])
  })

  it('leaves the tensors to the caller, and none behind when its own are disposed', () => {
    const before = tf.memory().numTensors
    for (const { fields } of tensorSource({ xs, ys, classes: 2 }).batches({
      batchSize: 3,
      seed: 0,
      epoch: 0,
      training: false,
    }))
      tf.dispose({ ...fields })
    expect(tf.memory().numTensors).toBe(before)
    expect([...xs.dataSync()]).toEqual([0, 1, 2, 3])
  })

  it.each([
    { fault: 'no field', data: { fields: {} }, says: /at least one field/ },
    { fault: 'a field without samples', data: { fields: { a: tf.scalar(1) } }, says: /at least one sample, got 0/ },
    { fault: 'booleans', data: { fields: { a: tf.ones([4], 'bool') } }, says: /'a' as float32 or int32, got bool/ },
    {
      fault: 'a size of no field',
      data: { fields: { xs }, sizes: { ys: 2 } },
      says: /a size of 'ys', which is no field\. There are xs/,
    },
    { fault: 'a size of real numbers', data: { fields: { xs }, sizes: { xs: 2 } }, says: /got 2 of float32/ },
  ])('refuses $fault', ({ data, says }) => {
    expect(() => tensorSource(data)).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
    expect(() => tensorSource(data)).toThrow(says)
  })
})
