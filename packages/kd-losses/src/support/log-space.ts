import * as tf from '@tensorflow/tfjs'
import { withoutTape } from '@gpdjs/core'

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
 * `x_c − log Σ exp(x)` with the sum of `maskedLogSumExp`. Where it kept nothing, or nothing but `−∞`, no entry has a share:
 * `−∞`, not `−∞ − (−∞)`.
 */
export const logShares = (x: tf.Tensor2D, logSum: tf.Tensor2D): tf.Tensor2D => tf.sub(x, tf.maximum(logSum, LOWEST))

/** `−∞` in place of the most negative number, which a share of `logShares` is against none. */
export const excludedIfLowest = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.where(tf.lessEqual<tf.Tensor2D>(x, LOWEST), tf.fill(x.shape, -Infinity), x)

/** 1 for rows whose `maskedLogSumExp` has something to share, else 0: `[rows, 1]`. */
export const hasShares = (logSum: tf.Tensor2D): tf.Tensor2D =>
  tf.cast(tf.greater<tf.Tensor2D>(logSum, LOWEST), 'float32')

/**
 * `w · x`, and 0 where w is 0, however large x is: `0 · log 0 = 0`. The weights are a constant to every gradient, and that of x
 * is w.
 *
 * @param weights any shape
 * @param x same shape; may be infinite
 */
export function weighted(weights: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const isNothing = withoutTape(() => tf.equal(weights, 0))
  return tf.where(isNothing, tf.zerosLike(x), tf.mul(weights, x))
}

/**
 * `Σ_c p (log p − log q)`, the Kullback–Leibler divergence of each row: `[rows]`. A class that the target excludes, `p = 0`,
 * adds nothing, whatever the model thinks of it; one that only the model excludes makes it infinite.
 *
 * @param logP log-probabilities of the target distribution; `−∞` for a class that it excludes
 * @param logQ log-probabilities of the model, same shape
 * @param p probabilities to weigh with, if they are not `exp(logP)` (0 where an entry is not part of the sum)
 */
export function klDivergence(logP: tf.Tensor, logQ: tf.Tensor, p: tf.Tensor = tf.exp(logP)): tf.Tensor1D {
  return tf.sum(weighted(p, tf.sub(logP, logQ)), 1)
}

/** Class indices as rows of zeros and a one, int32: asking for another type fails on the wasm backend. */
export const oneHotLabels = (labels: tf.Tensor1D, classes: number): tf.Tensor2D =>
  tf.oneHot(labels, classes) as tf.Tensor2D
