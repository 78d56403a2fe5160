import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { customGradient } from './custom-gradient.ts'

type Shape4D = [number, number, number, number]

/** Every position has the same share of its channel's gradient. */
function spatialMeanGradient(dy: tf.Tensor, shape: Shape4D): tf.Tensor {
  const [batch, height, width, channels] = shape
  const [known] = runExtraKernel('SpatialMeanGradient', { dy }, { shape }) ?? []
  if (known !== undefined) return known
  const share = tf.reshape(tf.div(dy, height * width), [batch, 1, channels])
  return tf.reshape(tf.tile(share, [1, height * width, 1]), shape)
}

/**
 * Mean over all positions of an image: `[batch, height, width, channels]` → `[batch, channels]`.
 *
 * The gradient of every position is `dy / (height · width)`.
 *
 * @example globalAveragePool(tf.ones([8, 7, 7, 64])) // ones [8, 64]
 */
export function globalAveragePool(x: tf.Tensor4D): tf.Tensor2D {
  const { shape } = x
  return customGradient((x: tf.Tensor4D) => ({
    value: tf.mean(x, [1, 2]),
    saved: [],
    gradients: (dy) => [spatialMeanGradient(dy, shape)],
  }))(x) as tf.Tensor2D
}
