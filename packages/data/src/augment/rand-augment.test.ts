import { randomStream } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import type { ImageShape } from '../images/image-set.ts'
import { chain } from './chain.ts'
import { padCropFlip } from './pad-crop-flip.ts'
import { randAugment, type RandAugmentOptions } from './rand-augment.ts'

const shape: ImageShape = [18, 18, 3] // equalizing does nothing to fewer than 256 pixels
const noise = randomStream(0, 'image')
const image = Uint8Array.from({ length: 972 }, (_, i) => 20 + Math.floor(i / 54) * 9 + noise.integer(40))

function changed(options: RandAugmentOptions, seed: number, source = image): string {
  const target = new Uint8Array(source.length)
  randAugment(options)(source, target, shape, randomStream(0, seed))
  return target.join()
}

describe('randAugment', () => {
  it('depends on the stream alone and leaves the image as it is', () => {
    const before = image.join()
    expect(changed({}, 3)).toBe(changed({}, 3))
    expect(image.join()).toBe(before)
    expect(changed({}, 3)).toBe(changed({ operations: 2, magnitude: 10 }, 3))
  })

  it('draws each of fourteen operations equally often, in both directions where it has two', () => {
    const counts = new Map<string, number>()
    const runs = 7000
    for (let seed = 0; seed < runs; seed++) {
      const result = changed({ operations: 1, magnitude: 20 }, seed)
      counts.set(result, (counts.get(result) ?? 0) + 1)
    }
    // Nine operations have two directions: 18 results of 250 each; five have one: 500 each.
    const sorted = [...counts.values()].sort((a, b) => a - b)
    expect(sorted).toHaveLength(23)
    const deviation = (p: number) => Math.sqrt(runs * p * (1 - p))
    for (const n of sorted.slice(0, 18)) expect(Math.abs(n - 250)).toBeLessThan(4.5 * deviation(1 / 28))
    for (const n of sorted.slice(18)) expect(Math.abs(n - 500)).toBeLessThan(4.5 * deviation(1 / 14))
  })

  it('changes nothing at magnitude 0, but for the two operations without a strength', () => {
    const results = new Set(Array.from({ length: 300 }, (_, seed) => changed({ operations: 1, magnitude: 0 }, seed)))
    expect(results.size).toBe(3)
    expect(results).toContain(image.join())
  })

  it('applies the given number of operations, one after the other', () => {
    expect(changed({ operations: 0 }, 1)).toBe(image.join())
    const twice = new Uint8Array(image.length)
    const one = randAugment({ operations: 1 })
    chain(one, one)(image, twice, shape, randomStream(0, 5))
    expect(changed({ operations: 2 }, 5)).toBe(twice.join())
  })

  it.each([{ operations: -1 }, { operations: 1.5 }, { magnitude: -1 }, { magnitude: 31 }, { magnitude: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => randAugment(options)).toThrow(expect.objectContaining({ code: 'config.invalid' }))
      expect(() => randAugment(options)).toThrow(String(Object.values(options)[0]))
    },
  )
})

describe('chain', () => {
  it('gives each augmentation what the one before has made', () => {
    const add = (n: number) => (from: Uint8Array, to: Uint8Array) => from.forEach((value, i) => (to[i] = value + n))
    const double = (from: Uint8Array, to: Uint8Array) => from.forEach((value, i) => (to[i] = 2 * value))
    const target = new Uint8Array(3)
    chain(add(1), double, add(3))(Uint8Array.of(1, 2, 3), target, [1, 3, 1], randomStream(0))
    expect([...target]).toEqual([7, 9, 11])
  })

  it('of nothing copies, and of one is that one', () => {
    const [copy, own, single] = [
      new Uint8Array(image.length),
      new Uint8Array(image.length),
      new Uint8Array(image.length),
    ]
    chain()(image, copy, shape, randomStream(0))
    expect(copy).toEqual(image)
    chain(padCropFlip())(image, single, shape, randomStream(8))
    padCropFlip()(image, own, shape, randomStream(8))
    expect(single).toEqual(own)
  })
})
