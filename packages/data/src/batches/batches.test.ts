import { randomStream } from '@gpdjs/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { padCropFlip } from '../augment/pad-crop-flip.ts'
import type { ImageSet } from '../images/image-set.ts'
import { batches, type BatchOptions } from './batches.ts'

/** Images of 1 × 2 pixels [n, n + 1] with label n mod 7. */
const numbered = (count: number): ImageSet => ({
  name: 'numbered',
  images: Uint8Array.from({ length: 2 * count }, (_, i) => Math.floor(i / 2) + (i % 2)),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 7),
  shape: [1, 2, 1],
  classes: 7,
})

const positions = (set: ImageSet, options: BatchOptions) =>
  [...batches(set, options)].flatMap(({ index }) => [...index])
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

const epochs = fc.record({
  count: fc.integer({ min: 1, max: 120 }),
  batchSize: fc.integer({ min: 1, max: 50 }),
  seed: fc.integer(),
  epoch: fc.nat(1000),
  shuffle: fc.boolean(),
  augment: fc.constantFrom(undefined, padCropFlip({ padding: 1 })),
})

describe('batches', () => {
  it('gives every image exactly once per epoch', () => {
    fc.assert(
      fc.property(epochs, ({ count, ...options }) => {
        const seen = positions(numbered(count), { ...options, dropRemainder: false })
        expect(seen.sort((a, b) => a - b)).toEqual(range(count))
      }),
    )
  })

  it('gives full batches only, no image twice, if the remainder is dropped', () => {
    fc.assert(
      fc.property(epochs, ({ count, ...options }) => {
        fc.pre(options.batchSize <= count)
        const all = batches(numbered(count), options)
        const sizes = [...all].map(({ index }) => index.length)
        expect(sizes).toEqual(new Array(Math.floor(count / options.batchSize)).fill(options.batchSize))
        expect(all.length).toBe(sizes.length)
        const seen = positions(numbered(count), options)
        expect(new Set(seen).size).toBe(seen.length)
      }),
    )
  })

  it('is a pure function of set and options', () => {
    fc.assert(
      fc.property(epochs, ({ count, ...options }) => {
        const all = batches(numbered(count), { ...options, dropRemainder: false })
        const once = [...all]
        expect([...all]).toEqual(once)
        expect([...batches(numbered(count), { ...options, dropRemainder: false })]).toEqual(once)
      }),
    )
  })

  it('goes on from any batch as if it had given the ones before', () => {
    fc.assert(
      fc.property(epochs, fc.nat(20), ({ count, ...options }, start) => {
        const whole = [...batches(numbered(count), { ...options, dropRemainder: false })]
        const rest = batches(numbered(count), { ...options, dropRemainder: false, start })
        expect([...rest]).toEqual(whole.slice(start))
        expect(rest.length).toBe(whole.length)
      }),
    )
  })

  it('pairs every image with its own label and position', () => {
    for (const { index, images, labels, shape } of batches(numbered(100), {
      batchSize: 30,
      seed: 1,
      epoch: 2,
      dropRemainder: false,
    })) {
      expect(shape).toEqual([1, 2, 1])
      expect([...labels]).toEqual([...index].map((position) => position % 7))
      expect([...images]).toEqual([...index].flatMap((position) => [position, position + 1]))
    }
  })

  it('changes an image in the same way in batches of any size', () => {
    const byPosition = (batchSize: number) => {
      const options = { batchSize, seed: 3, epoch: 1, augment: padCropFlip({ padding: 1 }), dropRemainder: false }
      const images = new Map<number, string>()
      for (const batch of batches(numbered(60), options)) {
        batch.index.forEach((position, i) => images.set(position, batch.images.subarray(2 * i, 2 * i + 2).join()))
      }
      return images
    }
    expect(byPosition(7)).toEqual(byPosition(60))
  })

  it('draws the changes of an image from a stream of its own', () => {
    const seen = batches(numbered(50), { batchSize: 50, seed: 3, epoch: 1, augment: padCropFlip({ padding: 1 }) })
    for (const { index, images } of seen) {
      index.forEach((position, i) => {
        const stream = randomStream(3, 'augment', 1, position)
        const [top, left, mirrored] = [stream.integer(3) - 1, stream.integer(3) - 1, stream.uniform() < 0.5]
        const row = top === 0 ? [0, position, position + 1, 0].slice(1 + left, 3 + left) : [0, 0]
        expect([...images.subarray(2 * i, 2 * i + 2)]).toEqual(mirrored ? row.reverse() : row)
      })
    }
  })

  it('changes an image in other ways in other epochs and for other seeds', () => {
    const images = (seed: number, epoch: number) =>
      [
        ...batches(numbered(60), { batchSize: 60, seed, epoch, shuffle: false, augment: padCropFlip({ padding: 1 }) }),
      ][0]!.images
    expect(images(0, 0)).not.toEqual(images(0, 1))
    expect(images(0, 0)).not.toEqual(images(1, 0))
  })

  it('gives further views of the same images, each from a stream of its own, in batches of any size', () => {
    const strong = padCropFlip({ padding: 1 })
    const [weak, other] = [padCropFlip({ padding: 0 }), padCropFlip({ padding: 2 })]
    const set = numbered(60)
    const byPosition = (batchSize: number, views: BatchOptions['views']) => {
      const images = new Map<number, string>()
      for (const batch of batches(set, { batchSize, seed: 3, epoch: 1, augment: weak, views, dropRemainder: false }))
        batch.index.forEach((n, i) => images.set(n, batch.views!['strong']!.subarray(2 * i, 2 * i + 2).join()))
      return images
    }
    const seen = byPosition(60, { strong })
    expect(byPosition(7, { other, strong })).toEqual(seen)
    for (const [position, pixels] of seen) {
      const target = new Uint8Array(2)
      strong(
        Uint8Array.of(position, position + 1),
        target,
        set.shape,
        randomStream(3, 'augment', 1, position, 'strong'),
      )
      expect(pixels).toBe(target.join())
    }
    const [plain] = batches(set, { batchSize: 60, seed: 3, epoch: 1, augment: weak })
    const [withViews] = batches(set, { batchSize: 60, seed: 3, epoch: 1, augment: weak, views: { strong } })
    expect(withViews).toEqual({ ...plain, views: withViews!.views })
    expect(plain).not.toHaveProperty('views')
  })

  it('gives another order in every epoch and for every seed, 0 included, and the set’s own without shuffling', () => {
    const set = numbered(100)
    const orders = [0, 1, 2].flatMap((seed) =>
      [0, 1, 2].map((epoch) => positions(set, { batchSize: 10, seed, epoch }).join()),
    )
    expect(new Set(orders).size).toBe(9)
    expect(orders).not.toContain(range(100).join())
    expect(positions(set, { batchSize: 10, seed: 0, epoch: 5, shuffle: false })).toEqual(range(100))
  })

  it('gives arrays of their own: writing into them leaves the set as it is', () => {
    const set = numbered(4)
    for (const { images, labels } of batches(set, { batchSize: 4, seed: 0, epoch: 0 })) {
      images.fill(99)
      labels.fill(99)
    }
    expect(set).toEqual(numbered(4))
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
    const make = () => batches(numbered(10), { batchSize: 5, seed: 0, epoch: 0, ...change })
    expect(make).toThrow(expect.objectContaining({ code: 'config.invalid' }))
    expect(make).toThrow(String(Object.values(change)[0]))
  })
})
