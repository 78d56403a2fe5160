import * as tf from '@tensorflow/tfjs'
import { repairOf, type GradientFunction, type GradientRepair } from './gradient-repair.ts'

interface Attributes {
  readonly filterSize: number | [number, number, number]
  readonly strides: number | [number, number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** One dimension of a pooling: windows of `window`, `stride` apart, the first of them `before` ahead of the image. */
interface Dimension {
  readonly size: number
  readonly outSize: number
  readonly window: number
  readonly stride: number
  readonly before: number
  readonly after: number
}

/** Height and width of an image, or depth, height and width of a volume. */
function dimensionsOf(
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: Attributes,
): Dimension[] {
  if (shape.length === 4) {
    const info = tf.backend_util.computePool2DInfo(
      shape as [number, number, number, number],
      filterSize as number,
      strides as number,
      1,
      pad,
      dimRoundingMode,
    )
    const { top, bottom, left, right } = info.padInfo
    return [
      {
        size: info.inHeight,
        outSize: info.outHeight,
        window: info.filterHeight,
        stride: info.strideHeight,
        before: top,
        after: bottom,
      },
      {
        size: info.inWidth,
        outSize: info.outWidth,
        window: info.filterWidth,
        stride: info.strideWidth,
        before: left,
        after: right,
      },
    ]
  }
  const info = tf.backend_util.computePool3DInfo(
    shape as [number, number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  )
  const { front, back, top, bottom, left, right } = info.padInfo
  return [
    {
      size: info.inDepth,
      outSize: info.outDepth,
      window: info.filterDepth,
      stride: info.strideDepth,
      before: front,
      after: back,
    },
    {
      size: info.inHeight,
      outSize: info.outHeight,
      window: info.filterHeight,
      stride: info.strideHeight,
      before: top,
      after: bottom,
    },
    {
      size: info.inWidth,
      outSize: info.outWidth,
      window: info.filterWidth,
      stride: info.strideWidth,
      before: left,
      after: right,
    },
  ]
}

/** For each window, the part of it that lies inside the image, in one dimension. */
const shareInside = ({ size, outSize, window, stride, before }: Dimension): number[] =>
  Array.from({ length: outSize }, (_, i) => {
    const first = i * stride - before
    return (Math.min(size, first + window) - Math.max(0, first)) / window
  })

/**
 * Forward, a window at the border is divided by the number of its positions inside the image; backward by its area.
 * Here dy is corrected by the quotient of the two, and the gradient of an explicitly padded image is taken, which all
 * backends agree about, and cut to the image.
 */
const corrected =
  (stock: GradientFunction): GradientFunction =>
  (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor]
    const dimensions = dimensionsOf(x.shape, attrs as unknown as Attributes)
    if (dimensions.every(({ before, after }) => before + after === 0)) return stock(dy, saved, attrs)
    return {
      x: () => {
        const shares = dimensions.reduce<number[]>(
          (outer, dimension) => outer.flatMap((share) => shareInside(dimension).map((inside) => share * inside)),
          [1],
        )
        const outSizes = dimensions.map(({ outSize }) => outSize)
        const exact = tf.div(dy as tf.Tensor, tf.tensor(shares, [1, ...outSizes, 1]))
        const extents = dimensions.map(({ size, outSize, window, stride, before }) =>
          Math.max(size + before, (outSize - 1) * stride + window),
        )
        const padded = tf.zeros([x.shape[0]!, ...extents, x.shape.at(-1)!])
        const gradient = stock(exact, [padded], { ...attrs, pad: 0, dimRoundingMode: 'floor' })['x']!()
        return tf.slice(gradient, [0, ...dimensions.map(({ before }) => before), 0], x.shape)
      },
    }
  }

const DIVIDES = 'divides windows that reach over the border by their whole area'

export const avgPool: GradientRepair = repairOf('AvgPool', DIVIDES, corrected)
export const avgPool3d: GradientRepair = repairOf('AvgPool3D', DIVIDES, corrected)
