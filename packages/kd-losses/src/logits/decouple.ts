import * as tf from '@tensorflow/tfjs'
import { excludedIfLowest, hasShares, logShares, maskedLogSumExp } from '../support/log-space.ts'

export interface Decoupled {
  /** `log b`, where `b = (p_y, 1 − p_y)`: `[batch, 2]` */
  readonly logBinary: tf.Tensor2D
  /** `log p̂_c` of the softmax over the other classes; at the target `log(p_y / (1 − p_y))`: `[batch, classes]` */
  readonly logOthers: tf.Tensor2D
  /** 0 where no other class has a share, and so `p_y = 1`; else 1: `[batch, 1]` */
  readonly hasOthers: tf.Tensor2D
}

/** Splits softened logits into "target or not" and "which of the others". */
export function decouple(softened: tf.Tensor2D, isTarget: tf.Tensor2D): Decoupled {
  // x_c − LSE(x_≠y) serves both: log p̂_c for c ≠ y, and the log-odds u of the target for c = y.
  const logSum = maskedLogSumExp(softened, isTarget)
  const logOthers = logShares(softened, logSum)
  const logOdds: tf.Tensor2D = tf.sum(tf.where(isTarget, logOthers, tf.zerosLike(logOthers)), 1, true)
  // b = (σ(u), σ(−u)) = softmax(u, 0)
  const logBinary = excludedIfLowest(tf.logSoftmax(tf.concat([logOdds, tf.zerosLike(logOdds)], 1)))
  return { logBinary, logOthers, hasOthers: hasShares(logSum) }
}

/** `p̂`, with 0 at the target (selected, not multiplied: `exp` of the log-odds there may be infinite). */
export const others = (logOthers: tf.Tensor, isTarget: tf.Tensor): tf.Tensor =>
  tf.where(isTarget, tf.zerosLike(logOthers), tf.exp(logOthers))
