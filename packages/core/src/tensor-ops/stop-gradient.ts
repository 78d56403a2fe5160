import * as tf from '@tensorflow/tfjs'

/**
 * The same values as a constant: no gradient flows through it.
 *
 * TensorFlow.js has no such op. A custom gradient *without inputs* has this effect: the tape has no path from any variable
 * to it, so the backward pass skips the operations that made `x` (with a gradient of zeros it would visit them).
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return tf.customGrad(() => ({ value: tf.clone(x), gradFunc: () => [] }))() as T
}
