import * as tf from '@tensorflow/tfjs'
import type { GradientRepair } from './gradient-repair.ts'

interface Attributes {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** Positions of each window that lie inside one dimension of the image. */
const inside = (size: number, outSize: number, window: number, stride: number, before: number): number[] =>
  Array.from(
    { length: outSize },
    (_, i) => Math.min(size, i * stride - before + window) - Math.max(0, i * stride - before),
  )

/**
 * Forward, a window at the border is divided by the number of its positions inside the image; backward by its area.
 * Here dy is corrected by the quotient of the two, and the gradient of an explicitly padded image is taken, which all
 * backends agree about, and cut to the image.
 */
export const avgPool: GradientRepair = {
  kernel: 'AvgPool',
  repairs: 'divides windows that reach over the border by their whole area',
  create: (stock) => (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor4D]
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes
    const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode)
    const { top, left, bottom, right } = info.padInfo
    if (top + left + bottom + right === 0) return stock(dy, saved, attrs)
    const rows = inside(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, top)
    const columns = inside(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, left)
    const area = info.filterHeight * info.filterWidth
    return {
      x: () => {
        const quotients = rows.flatMap((row) => columns.map((column) => area / (row * column)))
        const corrected = tf.mul(dy as tf.Tensor4D, tf.tensor4d(quotients, [1, info.outHeight, info.outWidth, 1]))
        const height = Math.max(info.inHeight + top, (info.outHeight - 1) * info.strideHeight + info.filterHeight)
        const width = Math.max(info.inWidth + left, (info.outWidth - 1) * info.strideWidth + info.filterWidth)
        const padded = tf.zeros([info.batchSize, height, width, info.inChannels])
        const gradient = stock(corrected, [padded], { ...attrs, pad: 'valid', dimRoundingMode: 'floor' })[
          'x'
        ]!() as tf.Tensor4D
        return tf.slice(gradient, [0, top, left, 0], x.shape)
      },
    }
  },
}
