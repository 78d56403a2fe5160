import { describe, expect, it } from 'vitest'
import { checkImageSet, type ImageSet } from './image-set.ts'

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
    { fault: 'a size of 0', changes: { shape: [2, 0, 1] as const }, message: 'got [2, 0, 1]' },
    { fault: 'half a class', changes: { classes: 2.5 }, message: 'got 2.5' },
  ])('refuses $fault', ({ changes, message }) => {
    expect(() => checkImageSet(set(changes))).toThrow(expect.objectContaining({ code: 'data.mismatch' }))
    expect(() => checkImageSet(set(changes))).toThrow(message)
  })

  it.each([
    { labels: Uint8Array.of(0, 3, 9), message: 'dots: expected labels 0 … 2, got 3 at index 1.' },
    { labels: Int32Array.of(0, 1, -1), message: 'dots: expected labels 0 … 2, got -1 at index 2.' },
  ])('names the index and the value of a label out of range: $message', ({ labels, message }) => {
    expect(() => checkImageSet(set({ labels }))).toThrow(expect.objectContaining({ code: 'data.label-range' }))
    expect(() => checkImageSet(set({ labels }))).toThrow(message)
  })
})
