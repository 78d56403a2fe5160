import { describe, expect, it } from 'vitest'
import { imageSource } from '../sources/image-source.ts'
import { checkImageSet, type ImageSet } from './image-set.ts'
import { moments } from './moments.ts'
import { select } from './select.ts'
import { split } from './split.ts'
import { take } from './take.ts'

const set = (changes: Partial<ImageSet> = {}): ImageSet => ({
  name: 'dots',
  images: new Uint8Array(3 * 4),
  labels: Uint8Array.of(0, 1, 2),
  shape: [2, 2, 1],
  classes: 3,
  ...changes,
})

describe('checkImageSet', () => {
  it('returns a set whose parts fit together', () => {
    const whole = set()
    expect(checkImageSet(whole)).toBe(whole)
  })

  it.each([
    {
      fault: 'fewer images than labels',
      changes: { images: new Uint8Array(8) },
      message: 'expected 12 bytes of images (3 labels × 2×2×1), got 8 (2 images)',
    },
    { fault: 'half an image too many', changes: { images: new Uint8Array(14) }, message: 'got 14 (3.5 images)' },
    { fault: 'another shape', changes: { shape: [2, 2, 3] as const }, message: 'expected 36 bytes' },
    {
      fault: 'no images',
      changes: { images: new Uint8Array(0), labels: new Uint8Array(0) },
      message: 'at least one image',
    },
    {
      fault: 'pixels 0 … 1',
      changes: { images: new Float32Array(12) as never },
      message: 'got a Float32Array. Of pixels 0',
    },
    {
      fault: 'clamped bytes',
      changes: { images: new Uint8ClampedArray(12) as never },
      message: 'Use new Uint8Array(images)',
    },
    {
      fault: 'a list of pixels',
      changes: { images: Array.from({ length: 12 }, () => 0) as never },
      message: 'got [0, 0',
    },
    {
      fault: 'a list of labels',
      changes: { labels: [0, 1, 2] as never },
      message: 'got [0, 1, 2]. Use Int32Array.from',
    },
    {
      fault: 'one-hot labels',
      changes: { labels: new Float32Array(9) as never },
      message: 'soft labels take tensorSource',
    },
    { fault: 'a size of 0', changes: { shape: [2, 0, 1] as const }, message: 'got [2, 0, 1]' },
    { fault: 'half a class', changes: { classes: 2.5 }, message: 'got 2.5' },
  ])('refuses $fault', ({ changes, message }) => {
    expect(() => checkImageSet(set(changes))).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
    expect(() => checkImageSet(set(changes))).toThrow(message)
  })

  it.each([
    ['imageSource', (wrong) => imageSource(wrong, { moments: { mean: [0], deviation: [1] } })],
    ['moments', moments],
    ['take', (wrong) => take(wrong, 1)],
    ['select', (wrong) => select(wrong, [0])],
    ['split', (wrong) => split(wrong, { validation: 1, seed: 0 })],
  ] satisfies [string, (set: ImageSet) => unknown][])('is what %s refuses by too', (_, use) => {
    const mismatch = expect.objectContaining({ code: 'data.mismatch' })
    expect(() => use(set({ images: new Uint8Array(8) }))).toThrow(mismatch)
    expect(() => use(set({ images: new Float32Array(12).fill(0.5) as never }))).toThrow(mismatch)
    expect(() => use(set({ labels: [0, 1, 2] as never }))).toThrow(mismatch)
  })

  it('keeps labels that are out of range from sources and splits', () => {
    const wrong = set({ labels: Uint8Array.of(0, 3, 1) })
    const range = expect.objectContaining({ code: 'data.label-range' })
    expect(() => imageSource(wrong)).toThrow(range)
    expect(() => split(wrong, { validation: 1, seed: 0 })).toThrow(range)
  })

  it.each([
    { labels: Uint8Array.of(0, 3, 9), message: 'dots: expected labels 0 … 2, got 3 at index 1.' },
    { labels: Int32Array.of(0, 1, -1), message: 'dots: expected labels 0 … 2, got -1 at index 2.' },
  ])('names the index and the value of a label out of range: $message', ({ labels, message }) => {
    expect(() => checkImageSet(set({ labels }))).toThrow(expect.objectContaining({ code: 'data.label-range' }))
    expect(() => checkImageSet(set({ labels }))).toThrow(message)
  })
})
