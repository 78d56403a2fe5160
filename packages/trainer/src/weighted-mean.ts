import * as tf from '@tensorflow/tfjs'

/** `sum / weight`, 0 where nothing counts. Differentiable in the sum. */
export const shareOf = (sum: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
  tf.div(sum, tf.add(weight, tf.cast(tf.equal(weight, 0), 'float32')))

/** `Σ w ℓ / Σ w`, or the plain mean where no weights are given. */
export const weightedMean = (values: tf.Tensor, weights?: tf.Tensor): tf.Scalar =>
  (weights ? shareOf(tf.sum(tf.mul(values, weights)), tf.sum(weights)) : tf.mean(values)) as tf.Scalar
