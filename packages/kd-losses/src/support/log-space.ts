import * as tf from '@tensorflow/tfjs'

/** The most negative float32. */
const LOWEST = -3.4028234663852886e38

/**
 * `log Σ_c exp(x_c)` over the entries of each row that the mask keeps; `−∞` for a row of which it keeps none.
 *
 * Excluded entries are left out before the maximum is taken, so they can be of any size: subtracting a large number
 * from them, as is often done, is exact for ordinary logits only.
 *
 * @param x `[rows, columns]`
 * @param excluded bool, `[rows, columns]`
 * @returns `[rows, 1]`
 */
export function maskedLogSumExp(x: tf.Tensor2D, excluded: tf.Tensor2D): tf.Tensor2D {
  // Filled by hand: `where` would broadcast a scalar through Tile, which on wasm costs more than all the rest.
  const kept = tf.where(excluded, tf.fill(x.shape, -Infinity), x)
  // The floor spares an empty row −∞ − (−∞) = NaN.
  const highest = tf.maximum(tf.max(kept, 1, true), LOWEST)
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(kept, highest)), 1, true)), highest)
}

/**
 * `Σ_c p (log p − log q)`, the Kullback–Leibler divergence of each row: `[rows]`.
 *
 * @param logP log-probabilities of the target distribution
 * @param logQ log-probabilities of the model, same shape
 * @param p probabilities to weigh with, if they are not `exp(logP)` (0 where an entry is not part of the sum)
 */
export function klDivergence(logP: tf.Tensor, logQ: tf.Tensor, p: tf.Tensor = tf.exp(logP)): tf.Tensor1D {
  return tf.sum(tf.mul(p, tf.sub(logP, logQ)), 1)
}

/** Class indices as rows of zeros and a one, int32: asking for another type fails on the wasm backend. */
export const oneHotLabels = (labels: tf.Tensor1D, classes: number): tf.Tensor2D =>
  tf.oneHot(labels, classes) as tf.Tensor2D
