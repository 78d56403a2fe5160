import * as tf from '@tensorflow/tfjs'
import { repairOf, type GradientFunction } from './gradient-repair.ts'

interface Attributes {
  readonly filterSize: number | [number, number, number]
  readonly strides: number | [number, number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** One dimension of a pooling: windows of `window`, `stride` apart; padding of `before` and `after`. */
interface Dimension {
  readonly size: number
  readonly outSize: number
  readonly window: number
  readonly stride: number
  readonly before: number
  readonly after: number
}

type Info = ReturnType<typeof tf.backend_util.computePool2DInfo | typeof tf.backend_util.computePool3DInfo>

type Axis = 'Depth' | 'Height' | 'Width'

/** TensorFlow.js names the sizes of a pooling by the axis: `inHeight`, `outHeight` and so on. */
function dimension(info: Info, axis: Axis, before: number, after: number): Dimension {
  const sizes = info as Info & Readonly<Record<`${'in' | 'out' | 'filter' | 'stride'}${Axis}`, number>>
  return {
    size: sizes[`in${axis}`],
    outSize: sizes[`out${axis}`],
    window: sizes[`filter${axis}`],
    stride: sizes[`stride${axis}`],
    before,
    after,
  }
}

/** Height and width of an image, or depth, height and width of a volume. */
function dimensionsOf(x: tf.Tensor, { filterSize, strides, pad, dimRoundingMode }: Attributes): Dimension[] {
  const image = (info: Info) => [
    dimension(info, 'Height', info.padInfo.top, info.padInfo.bottom),
    dimension(info, 'Width', info.padInfo.left, info.padInfo.right),
  ]
  const { computePool2DInfo, computePool3DInfo } = tf.backend_util
  if (x.rank === 4) {
    const { shape } = x as tf.Tensor4D
    return image(computePool2DInfo(shape, filterSize as number, strides as number, 1, pad, dimRoundingMode))
  }
  const info = computePool3DInfo((x as tf.Tensor5D).shape, filterSize, strides, 1, pad, dimRoundingMode)
  return [dimension(info, 'Depth', info.padInfo.front, info.padInfo.back), ...image(info)]
}

/** For each window, the part of it that lies inside the image, in one dimension. */
const shareInside = ({ size, outSize, window, stride, before }: Dimension): number[] =>
  Array.from({ length: outSize }, (_, i) => {
    const first = i * stride - before
    return (Math.min(size, first + window) - Math.max(0, first)) / window
  })

type Pooling = GradientFunction<Attributes, [x: tf.Tensor]>

/**
 * Forward, a window at the border is divided by the number of its positions inside the image; backward by its area.
 * Here dy is corrected by the quotient of the two, and the gradient of an explicitly padded image is taken, which all
 * backends agree about, and cut to the image.
 */
const corrected =
  (stock: Pooling): Pooling =>
  (dy, saved, attrs) => {
    const [x] = saved
    const dimensions = dimensionsOf(x, attrs)
    if (dimensions.every(({ before, after }) => before + after === 0)) return stock(dy, saved, attrs)
    return {
      x: () => {
        const shares = dimensions.reduce<number[]>(
          (outer, dimension) => outer.flatMap((share) => shareInside(dimension).map((inside) => share * inside)),
          [1],
        )
        const outSizes = dimensions.map(({ outSize }) => outSize)
        const exact = tf.div(dy, tf.tensor(shares, [1, ...outSizes, 1]))
        const extents = dimensions.map(({ size, outSize, window, stride, before }) =>
          Math.max(size + before, (outSize - 1) * stride + window),
        )
        const padded = tf.zeros([x.shape[0]!, ...extents, x.shape.at(-1)!])
        // A number, 0 too, would take the window's rows for its columns.
        const { dimRoundingMode: _, ...window } = attrs
        const gradient = stock(exact, [padded], { ...window, pad: 'valid' })['x']!()
        return tf.slice(gradient, [0, ...dimensions.map(({ before }) => before), 0], x.shape)
      },
    }
  }

const DIVIDES = 'divides windows that reach over the border by their whole area'

export const avgPool = repairOf('AvgPool', DIVIDES, corrected)
export const avgPool3d = repairOf('AvgPool3D', DIVIDES, corrected)
