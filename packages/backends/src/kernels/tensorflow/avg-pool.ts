import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'

interface Attributes {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/**
 * Average pooling of TensorFlow has no explicit padding: here zeros are added, and the mean is divided by the share of the
 * window inside the image.
 */
export const avgPool = tensorflowKernel<'x', Attributes>({
  name: 'AvgPool',
  problem: "tfjs-node has the paddings 'same' and 'valid' only",
  create: (stock) => (call) => {
    const { inputs, attrs } = call
    if (typeof attrs.pad === 'string' && stock !== undefined) return stock(call)
    const x = inputs.x as tf.Tensor4D
    const { filterSize, strides, pad, dimRoundingMode } = attrs
    const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode)
    const { top, bottom, left, right } = info.padInfo
    return tf.tidy(() => {
      const pooled = (image: tf.Tensor4D) =>
        tf.avgPool(
          tf.pad4d(image, [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ]),
          filterSize,
          strides,
          'valid',
        )
      return tf.div(pooled(x), pooled(tf.ones([1, info.inHeight, info.inWidth, 1])))
    })
  },
})
