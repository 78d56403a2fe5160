import * as tf from '@tensorflow/tfjs'

/**
 * Mean over all positions of an image: `[batch, height, width, channels]` → `[batch, channels]`.
 *
 * The gradient of every position is `dy / (height · width)`.
 */
export function globalAveragePool(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape
  const area = height * width
  return tf.customGrad((input) => ({
    value: tf.mean(tf.reshape(input as tf.Tensor, [batch, area, channels]), 1),
    gradFunc: (dy) => {
      const share = tf.reshape(tf.div(dy, area), [batch, 1, channels])
      return tf.reshape(tf.tile(share, [1, area, 1]), [batch, height, width, channels])
    },
  }))(x) as tf.Tensor2D
}
