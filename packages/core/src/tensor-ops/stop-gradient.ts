import * as tf from '@tensorflow/tfjs'

/**
 * The same values, cut off from the tape: nothing upstream of it receives a gradient through it.
 *
 * TensorFlow.js has no such op. A custom gradient *without inputs* is one: the tape has no path from any variable to
 * it, so the backward pass does not visit what made `x` at all (a custom gradient that returns zeros would).
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return tf.customGrad(() => ({ value: tf.clone(x), gradFunc: () => [] }))() as T
}
