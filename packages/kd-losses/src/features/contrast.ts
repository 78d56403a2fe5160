import * as tf from '@tensorflow/tfjs'

/** Added to denominators, as the reference has it. */
const EPSILON = 1e-7

/** What the loss compares: a positive pair and negative ones. */
export interface Contrast {
  /** `log P` of one positive pair per image, `[batch, 1]`. */
  readonly positive: tf.Tensor2D
  /** `log P` of its negative pairs, `[batch, negatives]`. */
  readonly negative: tf.Tensor2D
  /** 1 for negatives that count, 0 for those that are none after all, `[batch, negatives]`; rows are scaled up to full count. */
  readonly counts?: tf.Tensor2D
  /** Number of images to draw from. */
  readonly samples: number
}

/** `log (a / (a + b)) = −softplus(log b − log a)`, finite for any a and b. */
const logShare = (logA: tf.Tensor, logB: tf.Tensor | number): tf.Tensor => tf.neg(tf.softplus(tf.sub(logB, logA)))

function meanCount(values: tf.Tensor, counts: tf.Tensor2D | undefined): tf.Tensor {
  if (counts === undefined) return tf.sum(values, 1)
  const kept = tf.maximum(tf.sum(counts, 1), 1)
  return tf.mul(tf.sum(tf.mul(values, counts), 1), tf.div(counts.shape[1], kept))
}

/**
 * Noise-contrastive estimation: `−mean_b [log P₊ / (P₊ + c + ε) + Σ₋ log c / (P₋ + c + ε)]` with `c = negatives / samples`
 * and ε = 1e-7.
 *
 * Where every P is c it is `(negatives + 1) · log 2`.
 *
 * @param contrast logarithms of the pairs' unnormalized probabilities
 * @returns scalar, in nats
 * @see Tian, Krishnan, Isola, "Contrastive Representation Distillation", ICLR 2020, section 3.2
 */
export function contrastLoss({ positive, negative, counts, samples }: Contrast): tf.Scalar {
  return tf.tidy(() => {
    const noise = negative.shape[1] / samples
    const logNoise = Math.log(noise + EPSILON)
    const hits: tf.Scalar = tf.mean(logShare(positive, logNoise))
    // c / (P + c + ε) = c / (c + ε) · (c + ε) / (P + c + ε)
    const rejections = tf.add(logShare(tf.fill(negative.shape, logNoise), negative), Math.log(noise) - logNoise)
    return tf.neg(tf.add<tf.Scalar>(hits, tf.mean(meanCount(rejections, counts))))
  })
}
