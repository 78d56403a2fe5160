import type { ImageShape } from '../images/image-set.ts'

/**
 * Writes an image changed by a given strength into `target`. Nothing is random here.
 *
 * @param image `[height, width, channels]`, only read
 * @param target as long as `image`, zeros at first
 * @param strength in the unit of the operation: a factor, an angle in degrees, pixels, bits …
 */
export type Operation = (image: Uint8Array, target: Uint8Array, shape: ImageShape, strength: number) => void

/** The byte nearest to a number from below, 0 … 255. */
export const toByte = (value: number): number => Math.min(255, Math.max(0, Math.trunc(value)))

/**
 * `from + factor · (to − from)` as a byte, in float32 as the imaging libraries have it: beyond `to` for a factor above 1.
 */
export const blendBytes = (from: number, to: number, factor: number): number =>
  toByte(Math.fround(from + Math.fround(factor * (to - from))))

/** Weights of red, green and blue in the brightness of a pixel, times 2¹⁶ (ITU-R 601). */
const LUMA = [19595, 38470, 7471] as const

/** Brightness of every pixel, 0 … 255; of an image without three channels its first. */
export function luma(image: Uint8Array, [height, width, channels]: ImageShape): Uint8Array {
  const gray = new Uint8Array(height * width)
  for (let i = 0; i < gray.length; i++) {
    const at = i * channels
    gray[i] =
      channels === 3
        ? (LUMA[0] * image[at]! + LUMA[1] * image[at + 1]! + LUMA[2] * image[at + 2]! + 0x8000) >> 16
        : image[at]!
  }
  return gray
}
