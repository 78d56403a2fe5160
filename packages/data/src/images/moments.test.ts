import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { moments } from './moments.ts'

const set = (images: Uint8Array, channels: number) => ({
  name: 'pixels',
  images,
  labels: new Uint8Array(images.length / channels),
  shape: [1, 1, channels] as const,
  classes: 1,
})

describe('moments', () => {
  it('is ½ and ½ for half black, half white, and 0 deviation for a constant', () => {
    expect(moments(set(Uint8Array.of(0, 255, 255, 0), 1))).toEqual({ mean: [0.5], deviation: [0.5] })
    expect(moments(set(Uint8Array.of(51, 51, 51), 1))).toEqual({ mean: [0.2], deviation: [0] })
  })

  it('keeps channels apart', () => {
    const { mean, deviation } = moments(set(Uint8Array.of(0, 51, 255, 255, 51, 255), 3))
    expect(mean).toEqual([0.5, 0.2, 1])
    expect(deviation).toEqual([0.5, 0, 0])
  })

  it('agrees with the definition on random pixels', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (pixels) => {
        const values = Array.from(pixels, (value) => value / 255)
        const mean = values.reduce((a, b) => a + b) / values.length
        const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
        const found = moments(set(pixels, 1))
        expect(found.mean[0]).toBeCloseTo(mean, 12)
        expect(found.deviation[0]).toBeCloseTo(Math.sqrt(variance), 12)
      }),
    )
  })
})
