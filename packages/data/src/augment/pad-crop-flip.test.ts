import fc from 'fast-check'
import { randomStream, type RandomStream } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import type { ImageShape } from '../images/image-set.ts'
import { copyCrop, padCropFlip, type Crop } from './pad-crop-flip.ts'

/** A 3 × 3 image of one channel, numbered 1 … 9, and what becomes of it. */
const numbered = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)
function crop(change: Partial<Crop>, image = numbered, shape: ImageShape = [3, 3, 1]): number[] {
  const target = new Uint8Array(image.length)
  copyCrop(image, target, shape, { top: 0, left: 0, mirrored: false, ...change })
  return [...target]
}

describe('copyCrop', () => {
  it.each([
    { change: {}, expected: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
    { change: { mirrored: true }, expected: [3, 2, 1, 6, 5, 4, 9, 8, 7] },
    { change: { top: 1 }, expected: [4, 5, 6, 7, 8, 9, 0, 0, 0] },
    { change: { top: -1 }, expected: [0, 0, 0, 1, 2, 3, 4, 5, 6] },
    { change: { left: 1 }, expected: [2, 3, 0, 5, 6, 0, 8, 9, 0] },
    { change: { left: -2 }, expected: [0, 0, 1, 0, 0, 4, 0, 0, 7] },
    { change: { top: 1, left: -1 }, expected: [0, 4, 5, 0, 7, 8, 0, 0, 0] },
    { change: { top: 1, left: -1, mirrored: true }, expected: [5, 4, 0, 8, 7, 0, 0, 0, 0] },
    { change: { top: -1, left: 2, mirrored: true }, expected: [0, 0, 0, 0, 0, 3, 0, 0, 6] },
    { change: { top: 3 }, expected: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
    { change: { left: -5 }, expected: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
  ] as { change: Partial<Crop>; expected: number[] }[])('makes $expected of $change', ({ change, expected }) => {
    expect(crop(change)).toEqual(expected)
  })

  it('keeps the channels of a pixel together', () => {
    const colors = Uint8Array.of(1, 10, 100, 2, 20, 200)
    expect(crop({ mirrored: true }, colors, [1, 2, 3])).toEqual([2, 20, 200, 1, 10, 100])
    expect(crop({ left: 1 }, colors, [1, 2, 3])).toEqual([2, 20, 200, 0, 0, 0])
    expect(crop({ left: 1, mirrored: true }, colors, [1, 2, 3])).toEqual([0, 0, 0, 2, 20, 200])
  })

  it('is a crop of the padded image, mirrored if flipped, for any image', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
    )
    const shift = fc.integer({ min: -6, max: 6 })
    fc.assert(
      fc.property(sizes, shift, shift, fc.boolean(), fc.integer(), (shape, top, left, mirrored, seed) => {
        const [height, width, channels] = shape
        const stream = randomStream(seed)
        const image = Uint8Array.from({ length: height * width * channels }, () => 1 + stream.integer(255))
        const pixel = (y: number, x: number, c: number) =>
          y < 0 || y >= height || x < 0 || x >= width ? 0 : image[(y * width + x) * channels + c]!
        const expected: number[] = []
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++)
            for (let c = 0; c < channels; c++) expected.push(pixel(y + top, (mirrored ? width - 1 - x : x) + left, c))
        expect(crop({ top, left, mirrored }, image, shape)).toEqual(expected)
      }),
    )
  })
})

describe('padCropFlip', () => {
  const augmentedWith = (options: Parameters<typeof padCropFlip>[0], stream: RandomStream) => {
    const target = new Uint8Array(9)
    padCropFlip(options)(numbered, target, [3, 3, 1], stream)
    return target.join()
  }
  const outcomes = (options: Parameters<typeof padCropFlip>[0], n: number) => {
    const counts = new Map<string, number>()
    for (let i = 0; i < n; i++) {
      const outcome = augmentedWith(options, randomStream(0, i))
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    return counts
  }

  it('depends on the stream alone and leaves the image as it is', () => {
    const options = { padding: 1 }
    expect(augmentedWith(options, randomStream(7))).toBe(augmentedWith(options, randomStream(7)))
    expect(numbered.join()).toBe('1,2,3,4,5,6,7,8,9')
  })

  it('takes each of the 3 · 3 · 2 crops equally often', () => {
    const counts = [...outcomes({ padding: 1, flip: true }, 9000).values()]
    expect(counts).toHaveLength(18)
    // 500 expected; standard deviation √(9000 · 1/18 · 17/18) = 21.7
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(4 * 21.7)
  })

  it('never mirrors without flips, and then draws the same crops', () => {
    const expected = new Set([-1, 0, 1].flatMap((top) => [-1, 0, 1].map((left) => crop({ top, left }).join())))
    expect(new Set(outcomes({ padding: 1, flip: false }, 500).keys())).toEqual(expected)
  })

  it('without padding only mirrors, and without both copies', () => {
    expect(new Set(outcomes({ padding: 0 }, 50).keys())).toEqual(new Set(['1,2,3,4,5,6,7,8,9', '3,2,1,6,5,4,9,8,7']))
    expect([...outcomes({ padding: 0, flip: false }, 50).keys()]).toEqual(['1,2,3,4,5,6,7,8,9'])
  })

  it('pads by 4 and mirrors by default', () => {
    expect([0, 1, 2, 3].map((i) => augmentedWith({}, randomStream(1, i)))).toEqual(
      [0, 1, 2, 3].map((i) => augmentedWith({ padding: 4, flip: true }, randomStream(1, i))),
    )
  })

  it.each([-1, 0.5, Number.NaN])('refuses a padding of %d', (padding) => {
    expect(() => padCropFlip({ padding })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  })
})
