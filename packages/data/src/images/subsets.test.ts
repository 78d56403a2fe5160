import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageSet } from './image-set.ts'
import { select } from './select.ts'
import { split } from './split.ts'
import { take } from './take.ts'

/** Images of one pixel, whose value is the number of the image (up to 256). */
const numbered = (labels: readonly number[], classes: number): ImageSet => ({
  name: 'numbered',
  images: Uint8Array.from(labels, (_, i) => i),
  labels: Uint8Array.from(labels),
  shape: [1, 1, 1],
  classes,
})

const invalid = expect.objectContaining({ code: 'config.invalid' })

describe('take', () => {
  it('gives the first images with their labels', () => {
    const set: ImageSet = { ...numbered([1, 0, 1], 2), shape: [1, 2, 1], images: Uint8Array.of(10, 11, 20, 21, 30, 31) }
    expect(take(set, 2)).toEqual({ ...set, images: Uint8Array.of(10, 11, 20, 21), labels: Uint8Array.of(1, 0) })
    expect(take(set, 3)).toEqual(set)
  })

  it.each([0, 4, 1.5, -1, Number.NaN])('refuses %d of 3 images', (n) => {
    expect(() => take(numbered([0, 1, 0], 2), n)).toThrow(invalid)
  })
})

describe('select', () => {
  it('copies images in the given order, repeats included', () => {
    const set: ImageSet = { ...numbered([5, 6, 7], 8), labels: Int32Array.of(5, 6, 7) }
    const chosen = select(set, [2, 0, 2], 'chosen')
    expect(chosen).toEqual({ ...set, name: 'chosen', images: Uint8Array.of(2, 0, 2), labels: Int32Array.of(7, 5, 7) })
    chosen.images[0] = 99
    expect([...set.images]).toEqual([0, 1, 2])
  })

  it.each([3, -1, 0.5])('refuses position %d of 3 images', (position) => {
    expect(() => select(numbered([0, 1, 0], 2), [0, position])).toThrow(invalid)
  })
})

describe('split by a share', () => {
  const images = (count: number) =>
    numbered(
      Array.from({ length: count }, (_, i) => i % 2),
      2,
    )
  it.each([
    [0.1, 60, 6],
    [0.25, 10, 3],
    [0.001, 10, 1],
    [0.999, 10, 9],
    [0.5, 2, 1],
  ])('holds out %d of %d images: %d', (validation, count, expected) => {
    const parts = split(images(count), { validation, seed: 0 })
    expect([parts.validation, parts.train].map(({ labels }) => labels.length)).toEqual([expected, count - expected])
  })

  it('refuses what would leave one part empty', () => {
    for (const validation of [0, 10, 11, 1.5, -0.1])
      expect(() => split(images(10), { validation, seed: 0 })).toThrow(invalid)
    expect(() => split(images(1), { validation: 0.5, seed: 0 })).toThrow(/expected 1 … 0 validation images/)
  })
})

describe('split', () => {
  const someSet = fc.array(fc.nat(4), { minLength: 2, maxLength: 200 }).map((labels) => numbered(labels, 5))
  const cases = someSet.chain((set) =>
    fc.tuple(fc.constant(set), fc.integer({ min: 1, max: set.labels.length - 1 }), fc.integer()),
  )

  it('puts every image with its label into exactly one part, in the original order', () => {
    fc.assert(
      fc.property(cases, ([set, validation, seed]) => {
        const parts = split(set, { validation, seed })
        expect(parts.validation.labels).toHaveLength(validation)
        const together = [...parts.train.images, ...parts.validation.images].sort((a, b) => a - b)
        expect(together).toEqual([...set.images])
        for (const { images, labels } of Object.values(parts)) {
          expect([...images]).toEqual([...images].sort((a, b) => a - b))
          expect([...labels]).toEqual([...images].map((i) => set.labels[i]))
        }
      }),
    )
  })

  it('keeps the share of every class, to less than one image', () => {
    fc.assert(
      fc.property(cases, ([set, validation, seed]) => {
        const held = split(set, { validation, seed }).validation
        for (let label = 0; label < set.classes; label++) {
          const size = (labels: ArrayLike<number>) => Array.from(labels).filter((l) => l === label).length
          expect(Math.abs(size(held.labels) - (size(set.labels) * validation) / set.labels.length)).toBeLessThan(1)
        }
      }),
    )
  })

  it('holds out equally many of classes of equal size', () => {
    const set = numbered(Array.from({ length: 200 }, (_, i) => i % 5), 5) // prettier-ignore
    const { labels } = split(set, { validation: 50, seed: 0 }).validation
    expect([0, 1, 2, 3, 4].map((label) => labels.filter((l: number) => l === label).length)).toEqual([
      10, 10, 10, 10, 10,
    ])
  })

  it('is the same for the same seed, seed 0 included, and another for another seed', () => {
    const set = numbered(Array.from({ length: 200 }, (_, i) => i % 5), 5) // prettier-ignore
    const held = (seed: number) => split(set, { validation: 50, seed }).validation.images
    expect(held(0)).toEqual(held(0))
    expect(held(0)).not.toEqual(held(1))
    expect(Math.max(...held(0))).toBeGreaterThan(150) // not simply the first ones
  })

  it.each([0, 3, 1.5, -1])('refuses to hold out %d of 3 images', (validation) => {
    expect(() => split(numbered([0, 1, 0], 2), { validation, seed: 0 })).toThrow(invalid)
  })
})
