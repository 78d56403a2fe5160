import type { ImageShape } from '../images/image-set.ts'
import type { Operation } from './operation.ts'

/** Where the pixel that is written at (x, y) is read: `[a x + b y + c, d x + e y + f]`. */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** An operation that moves pixels: the nearest one is read; what comes from outside is black. */
const byAffine =
  (matrix: (strength: number, shape: ImageShape) => Affine): Operation =>
  (image, target, shape, strength) => {
    const [height, width, channels] = shape
    const [a, b, c, d, e, f] = matrix(strength, shape)
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        // Pixels are squares: the middle of the first is at (½, ½).
        const [x, y] = [column + 0.5, row + 0.5]
        const [fromX, fromY] = [Math.floor(a * x + b * y + c), Math.floor(d * x + e * y + f)]
        if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) continue
        const [to, from] = [(row * width + column) * channels, (fromY * width + fromX) * channels]
        for (let channel = 0; channel < channels; channel++) target[to + channel] = image[from + channel]!
      }
    }
  }

/** Pixels to the left. */
export const translateX = byAffine((pixels) => [1, 0, pixels, 0, 1, 0])

/** Pixels upwards. */
export const translateY = byAffine((pixels) => [1, 0, 0, 0, 1, pixels])

/** Every row to the left by a share of its distance from the top. */
export const shearX = byAffine((share) => [1, share, 0, 0, 1, 0])

/** Every column upwards by a share of its distance from the left. */
export const shearY = byAffine((share) => [1, 0, 0, share, 1, 0])

/** Degrees counterclockwise about the center. */
export const rotate = byAffine((degrees, [height, width]) => {
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [x, y] = [width / 2, height / 2]
  return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y]
})
