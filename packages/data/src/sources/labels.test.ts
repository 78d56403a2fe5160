/** Labels as users of model.fit have them, and the one check that every source makes of them. */
import * as tf from '@tensorflow/tfjs'
import type { BatchSource, EntryRule, EntryRules } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkEntries } from './check-entries.ts'
import { imageSource } from './image-source.ts'
import { source } from './source.ts'
import { tensorSource } from './tensor-source.ts'

beforeAll(() => tf.setBackend('cpu'))

const xs = tf.tensor4d([0, 1, 2, 3], [4, 1, 1, 1])

const whole = (from: BatchSource) => {
  const [batch] = from.batches({ batchSize: 4, seed: 0, epoch: 0, training: false })
  return batch!.fields as Record<'image' | 'label', tf.Tensor>
}
const labels = (from: BatchSource) => {
  const { label } = whole(from)
  return { dtype: label.dtype, values: label.arraySync() }
}

describe('tensorSource({ xs, ys })', () => {
  it.each([
    ['int32', tf.tensor1d([0, 1, 2, 1], 'int32')],
    ['float32, which is what tf.tensor1d makes', tf.tensor1d([0, 1, 2, 1])],
    ['a list', [0, 1, 2, 1]],
    ['bytes', Uint8Array.of(0, 1, 2, 1)],
  ])('takes class indices as %s', (_, ys) => {
    const from = tensorSource({ xs, ys })
    expect(from.fields['label']).toEqual({ shape: [], dtype: 'int32' })
    expect(labels(from)).toEqual({ dtype: 'int32', values: [0, 1, 2, 1] })
    expect(tensorSource({ xs, ys, classes: 3 }).fields['label']).toEqual({ shape: [], dtype: 'int32', size: 3 })
  })

  const oneHot = [
    [1, 0],
    [0, 1],
    [0, 1],
    [1, 0],
  ]
  it.each([
    ['float32', tf.tensor2d(oneHot)],
    ['int32, which is what tf.oneHot makes', tf.oneHot([0, 1, 1, 0], 2)],
    ['bool', tf.tensor2d(oneHot, [4, 2], 'bool')],
    ['lists of lists', oneHot],
  ])('takes one-hot labels as %s, and classes from their width', (_, ys) => {
    const from = tensorSource({ xs, ys })
    expect(from.fields['label']).toEqual({ shape: [2], dtype: 'float32' })
    expect(labels(from)).toEqual({ dtype: 'float32', values: oneHot })
    expect(() => tensorSource({ xs, ys, classes: 3 })).toThrow(/expected ys of 3 classes, got 2/)
  })

  it('takes images of whole numbers as float32, and images as lists', () => {
    const values = [[[[0]]], [[[7]]], [[[255]]], [[[1]]]]
    for (const images of [tf.tensor4d(values, [4, 1, 1, 1], 'int32'), values]) {
      const { image } = whole(tensorSource({ xs: images, ys: [0, 1, 0, 1] }))
      expect([image.dtype, image.arraySync()]).toEqual(['float32', values])
    }
  })

  it('leaves nothing behind but its batches', () => {
    const before = tf.memory().numTensors
    const from = tensorSource({ xs, ys: tf.tidy(() => oneHot) })
    tf.dispose({ ...whole(from) })
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    { fault: 'ragged lists', ys: [[1, 0], [1], [0, 1], [1, 0]], says: /of one shape \[4, 2\], got \[1\] among them/ },
    { fault: 'texts', ys: ['0', '1', '0', '1'], says: /got "0" among them/ },
    { fault: 'fewer labels', ys: [0, 1], says: /4 samples of 'image', but 2 of 'label'/ },
  ])('refuses $fault', ({ ys, says }) => {
    const make = () => tensorSource({ xs, ys: ys as never })
    expect(make).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
    expect(make).toThrow(says)
  })

  it('refuses what is neither tensor nor list, saying which option', () => {
    expect(() => tensorSource({ xs, ys: 3 as never })).toThrow(
      /tensorSource: ys: expected a tensor or a list of numbers/,
    )
  })
})

const index: EntryRule = { kind: 'index', size: 3 }
const distribution: EntryRule = { kind: 'distribution' }
const shares: EntryRule = { kind: 'shares' }

/** The same labels in every kind of source: only the last two know all of them at once. */
function everySource(values: readonly (readonly number[])[] | readonly number[]): Record<string, BatchSource> {
  const isIndex = typeof values[0] === 'number'
  const all = tf.tensor(values as number[][], undefined, isIndex ? 'int32' : 'float32')
  const size = values.length
  const label = { shape: all.shape.slice(1), dtype: isIndex ? ('int32' as const) : ('float32' as const) }
  const read = (at: Uint32Array) => ({ label: tf.gather(all, [...at]) })
  const own = source({ size, fields: { label }, read })
  const { check: _, ...bare } = own
  return {
    'a plain object': { ...bare, check: (rules?: EntryRules) => checkEntries(bare, rules) },
    'source with read alone': own,
    'source with entries': source({
      size,
      fields: { label },
      read,
      entries: { label: async () => (await all.data()) as Float32Array },
    }),
    tensors: tensorSource({ fields: { label: all } }),
    lists: tensorSource({ xs: values.map(() => [0]), ys: values as number[][] }),
    ...(isIndex && {
      images: imageSource(
        {
          name: 'set',
          images: new Uint8Array(size),
          labels: Int32Array.from(values as number[]),
          shape: [1, 1, 1],
          classes: 99,
        },
        { moments: { mean: [0], deviation: [1] } },
      ),
    }),
  }
}

describe.each([
  { fault: 'an index too large', rule: index, values: [0, 2, 3], says: /labels 0 … 2, got 3 at index 2/ },
  {
    fault: 'a share below 0',
    rule: distribution,
    values: [
      [0.5, 0.5],
      [-0.25, 1.25],
    ],
    says: /of sum 1, got -0.25, 1.25 at index 1/,
  },
  {
    fault: 'shares of sum 1.1',
    rule: distribution,
    values: [
      [0.5, 0.6],
      [0, 1],
    ],
    says: /of sum 1, got 0.5, 0.6 at index 0/,
  },
  {
    fault: 'shares of sum 0',
    rule: distribution,
    values: [
      [0, 1],
      [0, 0],
    ],
    says: /got 0, 0 at index 1.*multiLabel/,
  },
  {
    fault: 'NaN',
    rule: distribution,
    values: [
      [0, 1],
      [Number.NaN, 1],
    ],
    says: /got NaN, 1 at index 1/,
  },
  {
    fault: 'a label of 2',
    rule: shares,
    values: [
      [0, 1],
      [1, 2],
    ],
    says: /every 'label' from 0 to 1, got 2 at index 1/,
  },
  { fault: 'a label of NaN', rule: shares, values: [[0, Number.NaN]], says: /got NaN at index 0/ },
] as const)('$fault is refused', ({ rule, values, says }) => {
  it.each(Object.entries(everySource(values)))('in %s', async (_, from) => {
    const before = tf.memory().numTensors
    await expect(from.check!({ label: rule })).rejects.toMatchObject({ code: 'data.label-range' })
    await expect(from.check!({ label: rule })).rejects.toThrow(says)
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('what is right is accepted', () => {
  it.each([
    { rule: index, values: [0, 1, 2] },
    {
      rule: distribution,
      values: [
        [0.333, 0.333, 0.334],
        [0, 0, 1],
      ],
    },
    {
      rule: distribution,
      values: [
        [1 / 3, 1 / 3, 1 / 3],
        [0.1, 0.2, 0.7],
      ],
    },
    {
      rule: shares,
      values: [
        [1, 1],
        [0, 0],
        [0.5, 1],
      ],
    },
  ])('$rule.kind', async ({ rule, values }) => {
    for (const from of Object.values(everySource(values)))
      await expect(from.check!({ label: rule })).resolves.toBeUndefined()
  })
})
