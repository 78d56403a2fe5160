import * as tf from '@tensorflow/tfjs'
import { gradientRepair, type GradientRepair } from './gradient-repair.ts'

interface Attributes {
  readonly alignCorners: boolean
  readonly halfPixelCenters: boolean
}

/** What one position of the resized image is made of, in one dimension. */
type Sources = readonly (readonly [index: number, weight: number])[]

interface Interpolation {
  /** With half-pixel centers: subtracted from the position in the image, in pixels. */
  readonly shift: number
  sources(center: number, size: number, alignCorners: boolean): Sources
}

const clamp = (index: number, size: number) => Math.min(size - 1, Math.max(0, index))

const bilinear: Interpolation = {
  shift: 0.5,
  sources(center, size) {
    const low = Math.floor(center)
    return [
      [clamp(low, size), 1 - (center - low)],
      [clamp(low + 1, size), center - low],
    ]
  },
}

/** The nearest position is found by rounding down, so nothing is subtracted. */
const nearest: Interpolation = {
  shift: 0,
  sources: (center, size, alignCorners) => [[clamp(alignCorners ? Math.round(center) : Math.floor(center), size), 1]],
}

/** The transposed matrix of the interpolation along one dimension, `[size, outSize]`. */
function transposed({ sources, shift }: Interpolation, size: number, outSize: number, attrs: Attributes): tf.Tensor2D {
  const { alignCorners, halfPixelCenters } = attrs
  const scale = alignCorners && outSize > 1 ? (size - 1) / (outSize - 1) : size / outSize
  const weights = new Float32Array(size * outSize)
  for (let i = 0; i < outSize; i++) {
    const center = halfPixelCenters ? (i + 0.5) * scale - shift : i * scale
    for (const [index, weight] of sources(center, size, alignCorners)) weights[index * outSize + i]! += weight
  }
  return tf.tensor2d(weights, [size, outSize])
}

/** Interpolation is linear in each dimension, `y = R · x · Cᵀ`, so `dx = Rᵀ · dy · C`. */
const resize = (kernel: string, problem: string, interpolation: Interpolation): GradientRepair =>
  gradientRepair<Attributes, [images: tf.Tensor4D]>({
    kernel,
    problem,
    create:
      () =>
      (dy, [images], attrs) => {
        const [batch, height, width, channels] = images.shape
        const [, outHeight, outWidth] = (dy as tf.Tensor4D).shape
        return {
          images: () => {
            const rows = tf.reshape(dy, [batch, outHeight, outWidth * channels])
            const down = tf.matMul(transposed(interpolation, height, outHeight, attrs), rows)
            const columns = tf.reshape(down, [batch * height, outWidth, channels])
            return tf.reshape(tf.matMul(transposed(interpolation, width, outWidth, attrs), columns), images.shape)
          },
        }
      },
  })

export const resizeBilinear = resize(
  'ResizeBilinear',
  'takes no notice of halfPixelCenters, and on cpu throws for images that are not square',
  bilinear,
)
export const resizeNearestNeighbor = resize(
  'ResizeNearestNeighbor',
  'takes no notice of halfPixelCenters, and is silently wrong on cpu',
  nearest,
)
