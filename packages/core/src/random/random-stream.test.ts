import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { permutation, randomStream, type RandomStream } from './random-stream.ts'

const draws = <T>(n: number, draw: () => T): T[] => Array.from({ length: n }, draw)
const first = (seed: number, ...path: (string | number)[]) => randomStream(seed, ...path).uint32()

/**
 * χ² of counts against equal frequencies, in standard deviations from its mean: χ² with k degrees of freedom has
 * mean k and variance 2k. Far below zero is as wrong as far above: random counts are never too even.
 */
function chiSquareScore(values: Iterable<number>, bins: number): number {
  const counts = new Float64Array(bins)
  let total = 0
  for (const value of values) {
    counts[value]!++
    total++
  }
  const expected = total / bins
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  const freedom = bins - 1
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

const LIKELY = 4

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

function correlation(a: RandomStream, b: RandomStream, n = 20_000): number {
  const products = draws(n, () => (a.uniform() - 0.5) * (b.uniform() - 0.5))
  return mean(products) * 12 // the variance of a uniform number is 1/12
}

describe('randomStream', () => {
  // Computed with integers of any size in Python, from the papers: MurmurHash3_x86_32's block step and finalizer over the
  // words of the path (checked with its published vectors 0x2362f9de and 0x514e28b7), then xoshiro128** (checked with the
  // published sequence of state 1, 2, 3, 4: 11520, 0, 5927040, 70819200 …).
  it.each([
    { path: [0], expected: [3540709412, 894166455, 390405337, 3611898975, 3422716155] },
    { path: [1], expected: [4195183867, 1099005062, 4016035613, 4094629994, 2200835343] },
    { path: [0, 'shuffle', 0], expected: [2557875153, 63750089, 1458899392, 3603125719, 932543623] },
    { path: [42, 'augment', 3, 59999], expected: [2751808766, 3322150810, 3458132828, 2153078718, 3612804639] },
    { path: [-1, 'a'], expected: [1145659193, 3510291626, 3881366292, 2193961060, 348320870] },
    { path: [2 ** 53 - 1], expected: [512719838, 3077557837, 230776221, 1747554025, 986620820] },
    { path: [7, 'dropout', 'layer1/β', 12], expected: [3727162104, 2311001952, 2093158785, 908745612, 2121420273] },
  ] satisfies { path: [number, ...(string | number)[]]; expected: number[] }[])(
    'draws the reference numbers at $path',
    ({ path: [seed, ...path], expected }) => {
      const stream = randomStream(seed, ...path)
      expect(draws(5, stream.uint32)).toEqual(expected)
    },
  )

  it('derives uniform numbers and small integers from those reference numbers', () => {
    const uniforms = randomStream(0)
    expect(draws(2, uniforms.uniform)).toEqual([
      Math.floor(3540709412 / 256) / 2 ** 24,
      Math.floor(894166455 / 256) / 2 ** 24,
    ])
    const integers = randomStream(0)
    expect(draws(5, () => integers.integer(10))).toEqual([2, 5, 7, 5, 5])
  })

  it('draws its normal numbers in pairs by the Box-Muller transform', () => {
    const [u, v] = [Math.floor(3540709412 / 256) / 2 ** 24, Math.floor(894166455 / 256) / 2 ** 24]
    const stream = randomStream(0)
    const radius = Math.sqrt(-2 * Math.log(1 - u))
    expect(stream.normal()).toBeCloseTo(radius * Math.cos(2 * Math.PI * v), 12)
    expect(stream.normal()).toBeCloseTo(radius * Math.sin(2 * Math.PI * v), 12)
    expect(stream.uint32()).toBe(390405337)
  })

  it('repeats itself for the same seed and path, whatever other streams draw in between', () => {
    const key = fc.tuple(fc.maxSafeInteger(), fc.array(fc.oneof(fc.string(), fc.maxSafeInteger()), { maxLength: 4 }))
    fc.assert(
      fc.property(key, ([seed, path]) => {
        const alone = randomStream(seed, ...path)
        const expected = draws(8, alone.uint32)
        const [stream, other] = [randomStream(seed, ...path), randomStream(seed, ...path, 'other')]
        const interleaved = draws(8, () => (other.normal(), stream.uint32()))
        expect(interleaved).toEqual(expected)
      }),
    )
  })

  it('gives different numbers to paths that look alike', () => {
    const paths: (string | number)[][] = [
      [], [0], [1], [0, 0], ['0'], ['1'], [''], ['', ''], ['a', 'b'], ['ab'], ['a', '', 'b'], ['b', 'a'],
      [-1], [2 ** 32], [-(2 ** 32)], [2 ** 32 - 1], [97], ['a'], ['a', 0], [0, 'a'],
    ] // prettier-ignore
    const seen = paths.map((path) => first(0, ...path))
    expect(new Set(seen).size).toBe(paths.length)
  })

  it('takes seed 0 for a seed like any other', () => {
    const stream = randomStream(0)
    expect(new Set(draws(1000, stream.uint32)).size).toBeGreaterThan(990)
    expect(first(0)).not.toBe(first(1))
    expect(first(0)).toBe(first(0))
  })

  it('changes about half of the bits when the seed or a counter moves by one', () => {
    const bits = (x: number) => [...(x >>> 0).toString(2)].filter((bit) => bit === '1').length
    const bySeed = draws(2000, (() => { let i = 0; return () => bits(first(i) ^ first(++i)) })()) // prettier-ignore
    const byCounter = draws(2000, (() => { let i = 0; return () => bits(first(5, 'x', i) ^ first(5, 'x', ++i)) })()) // prettier-ignore
    // 32 fair coins: mean 16, standard deviation √8; of 2,000 means √8 / √2000 = 0.063.
    expect(Math.abs(mean(bySeed) - 16)).toBeLessThan(LIKELY * 0.063)
    expect(Math.abs(mean(byCounter) - 16)).toBeLessThan(LIKELY * 0.063)
  })

  it.each([
    { bits: 'highest', shift: 24 },
    { bits: 'middle', shift: 12 },
    { bits: 'lowest', shift: 0 },
  ])('spreads the $bits 8 bits evenly', ({ shift }) => {
    const stream = randomStream(0, 'uniformity')
    const values = draws(200_000, () => (stream.uint32() >>> shift) & 255)
    expect(Math.abs(chiSquareScore(values, 256))).toBeLessThan(LIKELY)
  })

  it('spreads pairs of neighbors evenly', () => {
    const stream = randomStream(3, 'pairs')
    const values = draws(200_000, () => stream.integer(16) * 16 + stream.integer(16))
    expect(Math.abs(chiSquareScore(values, 256))).toBeLessThan(LIKELY)
  })

  it('spreads the first numbers of many streams evenly, as augmentation uses them', () => {
    const streams = Array.from({ length: 100_000 }, (_, image) => randomStream(0, 'augment', 0, image))
    const tops = streams.map((stream) => stream.integer(9))
    const lefts = streams.map((stream, i) => stream.integer(9) * 9 + tops[i]!)
    expect(Math.abs(chiSquareScore(tops, 9))).toBeLessThan(LIKELY)
    expect(Math.abs(chiSquareScore(lefts, 81))).toBeLessThan(LIKELY)
  })

  it('keeps streams of neighboring seeds, epochs and names uncorrelated', () => {
    const limit = LIKELY / Math.sqrt(20_000)
    expect(Math.abs(correlation(randomStream(0), randomStream(1)))).toBeLessThan(limit)
    expect(Math.abs(correlation(randomStream(0, 'shuffle', 1), randomStream(0, 'shuffle', 2)))).toBeLessThan(limit)
    expect(Math.abs(correlation(randomStream(0, 'a'), randomStream(0, 'b')))).toBeLessThan(limit)
    expect(correlation(randomStream(0, 'a'), randomStream(0, 'a'))).toBeCloseTo(1, 1)
  })

  it('keeps uniform numbers in [0, 1), exact in float32', () => {
    const stream = randomStream(1, 'range')
    const values = draws(50_000, stream.uniform)
    expect(values.every((value) => value >= 0 && value < 1 && Math.fround(value) === value)).toBe(true)
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(LIKELY / Math.sqrt(12 * 50_000))
  })

  it('draws integers without modulo bias', () => {
    // The remainder of 32 bits alone would fall below 2^30 in half of the cases, not in a third.
    const stream = randomStream(2, 'bias')
    const thirds = draws(30_000, () => Math.floor(stream.integer(3 * 2 ** 30) / 2 ** 30))
    expect(Math.abs(chiSquareScore(thirds, 3))).toBeLessThan(LIKELY)
    expect(draws(100, () => stream.integer(1))).toEqual(Array(100).fill(0))
  })

  it('draws normal numbers with the moments and the tail of the normal distribution', () => {
    const n = 100_000
    const stream = randomStream(0, 'normal')
    const values = draws(n, stream.normal)
    const moment = (power: number) => mean(values.map((x) => x ** power))
    // Standard errors of the moments of N(0, 1): √(E x^2k − (E x^k)²) / √n
    const within = (value: number, expected: number, variance: number) =>
      expect(Math.abs(value - expected)).toBeLessThan(LIKELY * Math.sqrt(variance / n))
    within(moment(1), 0, 1)
    within(moment(2), 1, 2)
    within(moment(3), 0, 15)
    within(moment(4), 3, 96)
    const tail = 0.04550026 // P(|x| > 2)
    within(values.filter((x) => Math.abs(x) > 2).length / n, tail, tail * (1 - tail))
    const neighbors = values.slice(1).map((x, i) => x * values[i]!)
    within(mean(neighbors), 0, 1)
  })
})

describe('permutation', () => {
  it('holds every number once', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer(), (n, seed) => {
        const order = permutation(n, randomStream(seed))
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      }),
    )
  })

  it('gives all 24 orders of four numbers equally often', () => {
    const stream = randomStream(0, 'orders')
    const seen = new Map<string, number>()
    const ids = draws(48_000, () => {
      const key = permutation(4, stream).join()
      if (!seen.has(key)) seen.set(key, seen.size)
      return seen.get(key)!
    })
    expect(seen.size).toBe(24)
    expect(Math.abs(chiSquareScore(ids, 24))).toBeLessThan(LIKELY)
  })

  it('differs from epoch to epoch', () => {
    const epoch = (n: number) => permutation(1000, randomStream(0, 'shuffle', n))
    expect(epoch(0)).toEqual(epoch(0))
    const fixed = epoch(0).filter((value, i) => value === epoch(1)[i]).length
    expect(fixed).toBeLessThan(8) // 1 expected, as of two independent orders
  })

  it('distinguishes paths whose numbers differ only after the decimal point', () => {
    const first = (part: number) => randomStream(0, 'epoch', part).uint32()
    expect(new Set([0, 0.3, 0.4, -0.3, 1].map(first)).size).toBe(5)
  })
})
