import type { ImageShape } from '../images/image-set.ts'
import { blendBytes, luma, type Operation } from './operation.ts'

/** An operation that moves every value away from that of another version of the image: 1 leaves it as it is. */
const awayFrom =
  (version: (image: Uint8Array, shape: ImageShape) => (position: number) => number): Operation =>
  (image, target, shape, factor) => {
    const other = version(image, shape)
    const single = Math.fround(factor)
    for (let i = 0; i < image.length; i++) target[i] = blendBytes(other(i), image[i]!, single)
  }

/** Away from the gray image: 0 is gray, 2 is twice as colorful. Images of one channel stay as they are. */
export const color = awayFrom((image, shape) => {
  const gray = luma(image, shape)
  return shape[2] === 3 ? (i) => gray[Math.floor(i / 3)]! : (i) => image[i]!
})

/** Weight of a pixel in its own smoothed value; its eight neighbors have 1 each. */
const CENTER = 5

/** Every value averaged with those around it; the outermost pixels as they are. */
function smoothed(image: Uint8Array, [height, width, channels]: ImageShape): Uint8Array {
  const result = Uint8Array.from(image)
  const steps = [-1, 0, 1].flatMap((row) => [-1, 0, 1].map((column) => (row * width + column) * channels))
  for (let row = 1; row < height - 1; row++) {
    for (let i = (row * width + 1) * channels; i < (row * width + width - 1) * channels; i++) {
      const sum = steps.reduce((total, step) => total + image[i + step]!, (CENTER - 1) * image[i]!)
      result[i] = Math.floor(sum / (steps.length + CENTER - 1) + 0.5)
    }
  }
  return result
}

/** Away from the smoothed image: 0 is smooth, 2 is sharp. */
export const sharpness = awayFrom((image, shape) => {
  const smooth = smoothed(image, shape)
  return (i) => smooth[i]!
})
