import { permutation, randomStream, type BatchSource, type EpochOptions, type FieldSpec } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { padCropFlip } from '../augment/pad-crop-flip.ts'
import type { ImageSet } from '../images/image-set.ts'
import { imageSource, type ImageSourceOptions } from './image-source.ts'
import { source } from './source.ts'

beforeAll(() => tf.setBackend('cpu'))

/** Images of 1 × 2 pixels [n, n + 1] with label n mod 7. */
const numbered = (count: number): ImageSet => ({
  name: 'numbered',
  images: Uint8Array.from({ length: 2 * count }, (_, i) => Math.floor(i / 2) + (i % 2)),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 7),
  shape: [1, 2, 1],
  classes: 7,
})

/** Bytes as they are: (value / 255 − 0) / (1 / 255). */
const bytes = { mean: [0], deviation: [1 / 255] }
const images = (set: ImageSet, options: ImageSourceOptions = {}) => imageSource(set, { moments: bytes, ...options })

const counting = (size: number) => source({ size, fields: {}, read: () => ({}) })
const indices = (from: BatchSource, options: EpochOptions) => [...from.batches(options)].map(({ index }) => [...index])
const positions = (from: BatchSource, options: EpochOptions) => indices(from, options).flat()
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Pixels by position. */
function pixels(from: BatchSource, options: EpochOptions, field = 'image'): Map<number, string> {
  const found = new Map<number, string>()
  for (const { fields, index } of from.batches(options)) {
    const values = Array.from(fields[field]!.dataSync(), Math.round)
    index.forEach((position, i) => found.set(position, values.slice(2 * i, 2 * i + 2).join()))
    tf.dispose({ ...fields })
  }
  return found
}

const epochs = fc.record({
  size: fc.integer({ min: 1, max: 120 }),
  batchSize: fc.integer({ min: 1, max: 50 }),
  seed: fc.integer(),
  epoch: fc.nat(1000),
})

describe('source', () => {
  it('gives every sample exactly once, in its own order, outside of training', () => {
    fc.assert(
      fc.property(epochs, ({ size, ...options }) => {
        expect(positions(counting(size), { ...options, training: false })).toEqual(range(size))
      }),
    )
  })

  it('gives full batches only, no sample twice, in training', () => {
    fc.assert(
      fc.property(epochs, ({ size, ...options }) => {
        fc.pre(options.batchSize <= size)
        const seen = indices(counting(size), { ...options, training: true })
        expect(seen.map(({ length }) => length)).toEqual(
          new Array(Math.floor(size / options.batchSize)).fill(options.batchSize),
        )
        expect(new Set(seen.flat()).size).toBe(seen.flat().length)
      }),
    )
  })

  it('gives every sample exactly once, in the order of the stream (seed, shuffle, epoch), in training', () => {
    fc.assert(
      fc.property(epochs, ({ size, seed, epoch }) => {
        const seen = positions(counting(size), { batchSize: 1, seed, epoch, training: true })
        expect(seen).toEqual([...permutation(size, randomStream(seed, 'shuffle', epoch))])
        expect(seen.sort((a, b) => a - b)).toEqual(range(size))
      }),
    )
  })

  it('is a pure function of set and options, and can be gone through twice', () => {
    fc.assert(
      fc.property(epochs, ({ size, ...options }) => {
        fc.pre(options.batchSize <= size)
        const all = counting(size).batches({ ...options, training: true })
        const once = [...all].map(({ index }) => index)
        expect([...all].map(({ index }) => index)).toEqual(once)
      }),
    )
  })

  it('goes on from any batch as if it had given the ones before', () => {
    fc.assert(
      fc.property(epochs, fc.nat(20), ({ size, ...options }, start) => {
        fc.pre(options.batchSize <= size)
        const whole = indices(counting(size), { ...options, training: true })
        expect(indices(counting(size), { ...options, training: true, start })).toEqual(whole.slice(start))
      }),
    )
  })

  it('gives another order in every epoch and for every seed, 0 included', () => {
    const orders = [0, 1, 2].flatMap((seed) =>
      [0, 1, 2].map((epoch) => positions(counting(100), { batchSize: 10, seed, epoch, training: true }).join()),
    )
    expect(new Set(orders).size).toBe(9)
    expect(orders).not.toContain(range(100).join())
  })

  it('gives the item of each sample, where fields have items of their own', () => {
    const keys = { document: Uint32Array.from([7, 7, 9, 9, 4]) }
    const document: FieldSpec = { shape: [], dtype: 'float32' }
    const read = (at: Uint32Array) => ({ document: tf.tensor1d([...at]) })
    const shared = source({ size: 5, fields: { document }, read, keys })
    const [first] = shared.batches({ batchSize: 3, seed: 1, epoch: 0, training: true })
    expect([...first!.keys!['document']!]).toEqual([...first!.index].map((position) => keys.document[position]))
  })

  it.each([
    { batchSize: 0 },
    { batchSize: 1.5 },
    { batchSize: 11 },
    { epoch: -1 },
    { epoch: 0.5 },
    { seed: 0.1 },
    { seed: Number.NaN },
    { start: -1 },
    { seed: 2 ** 53 },
  ])('refuses $batchSize $epoch $seed $start', (change) => {
    const make = () => counting(10).batches({ batchSize: 5, seed: 0, epoch: 0, training: true, ...change })
    expect(make).toThrow(expect.objectContaining({ code: 'config.invalid' }))
    expect(make).toThrow(String(Object.values(change)[0]))
  })
})

describe('a source', () => {
  const x: FieldSpec = { shape: [2], dtype: 'float32' }
  const read = (at: Uint32Array) => ({ x: tf.zeros([at.length, 2]) })
  const first = (from: BatchSource, training: boolean) => () => {
    const [batch] = from.batches({ batchSize: 2, seed: 0, epoch: 0, training })
    tf.dispose({ ...batch!.fields })
  }

  it.each([
    { fault: 'no samples', change: { size: 0 }, message: /at least one sample, got 0/ },
    { fault: 'half a sample', change: { size: 2.5 }, message: /at least one sample, got 2.5/ },
    {
      fault: 'a range of real numbers',
      change: { fields: { x: { ...x, size: 3 } } },
      message: /size of 'x' to be .* of an int32 field, got 3 of float32/,
    },
    {
      fault: 'a range without an entry',
      change: { fields: { x: { ...x, dtype: 'int32', size: 0 } as const } },
      message: /got 0 of int32/,
    },
    {
      fault: 'too few keys',
      change: { keys: { x: new Uint32Array(3) } },
      message: /keys of a field, 4 of them, got 3 of 'x'/,
    },
    { fault: 'keys of no field', change: { keys: { y: new Uint32Array(4) } }, message: /got 4 of 'y'.*fields x/ },
  ])('is refused with $fault', ({ change, message }) => {
    const make = () => source({ size: 4, fields: { x }, read, ...change })
    expect(make).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
    expect(make).toThrow(message)
  })

  it.each([
    { fault: 'a field less', returned: () => ({}), code: 'data.missing', message: /'x' as float32 \[2, 2\], got none/ },
    {
      fault: 'another shape',
      returned: () => ({ x: tf.zeros([2, 3]) }),
      code: 'data.mismatch',
      message: /'x' as float32 \[2, 2\], got float32 \[2, 3\]/,
    },
    {
      fault: 'another type',
      returned: () => ({ x: tf.zeros([2, 2], 'int32') }),
      code: 'data.mismatch',
      message: /got int32 \[2, 2\]/,
    },
  ])('whose read returns $fault is refused, and leaves no tensor behind', ({ returned, code, message }) => {
    const before = tf.memory().numTensors
    const wrong = source({ size: 4, fields: { x }, read: returned })
    expect(first(wrong, true)).toThrow(message)
    expect(first(wrong, false)).toThrow(expect.objectContaining({ code }))
    expect(tf.memory().numTensors).toBe(before)
  })

  it('has further views in training only', () => {
    const viewed = source({ size: 4, fields: { x, 'x/other': x }, read })
    expect(first(viewed, false)).not.toThrow()
    expect(first(viewed, true)).toThrow(/'x\/other' as float32 \[2, 2\], got none/)
  })

  it('reads entries with a declared range once', async () => {
    const tokens: FieldSpec = { shape: [2], dtype: 'int32', size: 5 }
    let reads = 0
    const text = (entries: number[]) =>
      source({
        size: 3,
        fields: { tokens },
        read: (at) => ({ tokens: tf.zeros([at.length, 2], 'int32') }),
        entries: { tokens: () => (reads++, Int32Array.from(entries)) },
      })
    const right = text([0, 1, 2, 3, 4, 0])
    await right.check!()
    await right.check!()
    expect(reads).toBe(1)
    await expect(text([0, 1, 2, 5, 4, 0]).check!()).rejects.toMatchObject({ code: 'data.label-range' })
    await expect(text([0, 1, 2, 5, 4, 0]).check!()).rejects.toThrow(/expected tokens 0 … 4, got 5 at index 1\./)
    await expect(text([0, 1, 2, 3, 4, -1]).check!()).rejects.toThrow(/got -1 at index 2\./)
  })
})

describe('images of a source', () => {
  const training = { seed: 3, epoch: 1, training: true } as const

  it('come with their own labels and positions', () => {
    for (const { fields, index } of images(numbered(100)).batches({ batchSize: 25, ...training })) {
      expect([...fields['label']!.dataSync()]).toEqual([...index].map((position) => position % 7))
      expect(fields['image']!.shape).toEqual([25, 1, 2, 1])
      expect(Array.from(fields['image']!.dataSync(), Math.round)).toEqual(
        [...index].flatMap((position) => [position, position + 1]),
      )
    }
  })

  it('are changed in the same way in batches of any size, in training only', () => {
    const changed = images(numbered(60), { augment: padCropFlip({ padding: 1 }) })
    expect(pixels(changed, { batchSize: 6, ...training })).toEqual(pixels(changed, { batchSize: 20, ...training }))
    const plain = pixels(images(numbered(60)), { batchSize: 60, ...training })
    expect(pixels(changed, { batchSize: 7, ...training, training: false })).toEqual(
      new Map([...plain].sort(([a], [b]) => a - b)),
    )
  })

  it('are changed by a stream of their own', () => {
    const seen = pixels(images(numbered(50), { augment: padCropFlip({ padding: 1 }) }), { batchSize: 50, ...training })
    for (const [position, found] of seen) {
      const stream = randomStream(3, 'augment', 1, position)
      const [top, left, mirrored] = [stream.integer(3) - 1, stream.integer(3) - 1, stream.uniform() < 0.5]
      const row = top === 0 ? [0, position, position + 1, 0].slice(1 + left, 3 + left) : [0, 0]
      expect(found).toBe((mirrored ? row.reverse() : row).join())
    }
  })

  it('are changed in other ways in other epochs and for other seeds', () => {
    const changed = images(numbered(60), { augment: padCropFlip({ padding: 1 }) })
    const sorted = (seed: number, epoch: number) =>
      [...pixels(changed, { batchSize: 60, seed, epoch, training: true })].sort(([a], [b]) => a - b)
    expect(sorted(0, 0)).not.toEqual(sorted(0, 1))
    expect(sorted(0, 0)).not.toEqual(sorted(1, 0))
  })

  it('have further views, each from a stream of its own, in batches of any size', () => {
    const strong = padCropFlip({ padding: 1 })
    const [weak, other] = [padCropFlip({ padding: 0 }), padCropFlip({ padding: 2 })]
    const set = numbered(60)
    const seen = pixels(
      images(set, { augment: weak, views: { strong } }),
      { batchSize: 60, ...training },
      'image/strong',
    )
    const more = images(set, { augment: weak, views: { other, strong } })
    expect(new Map([...pixels(more, { batchSize: 6, ...training }, 'image/strong')])).toEqual(seen)
    for (const [position, found] of seen) {
      const target = new Uint8Array(2)
      strong(
        Uint8Array.of(position, position + 1),
        target,
        set.shape,
        randomStream(3, 'augment', 1, position, 'strong'),
      )
      expect(found).toBe(target.join())
    }
    expect(pixels(more, { batchSize: 60, ...training })).toEqual(
      pixels(images(set, { augment: weak }), { batchSize: 60, ...training }),
    )
    const [evaluated] = more.batches({ batchSize: 60, ...training, training: false })
    expect(Object.keys(evaluated!.fields)).toEqual(['image', 'label'])
  })
})
