import * as tf from '@tensorflow/tfjs'
import { fillOptions, withoutTape, type DistillationLoss } from '@gpdjs/core'
import { checkBatch, checkLeastBatch } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { pairTaps, VECTOR_TAPS, type TapOptions } from '../support/taps.ts'
import { flat, norm } from '../support/vectors.ts'

const EPSILON = 1e-7

/** How likely image i is to pick image j, by the cosine of their features: rows of `(cos + 1) / 2` that sum to 1. */
function neighborhood(features: tf.Tensor2D): tf.Tensor2D {
  const directions: tf.Tensor2D = tf.div(features, tf.add(norm(features), EPSILON))
  const similarity = tf.div(tf.add(tf.matMul(directions, directions, false, true), 1), 2)
  return tf.div(similarity, tf.sum(similarity, 1, true))
}

/**
 * Probabilistic knowledge transfer: `mean_ij S_t · log((S_t + ε) / (S_s + ε))`, with ε = 1e-7.
 *
 * `S_ij` is the probability that image i picks j as its neighbor, the cosine of their features moved to [0, 1] and divided
 * by the sum of its row. The widths may differ. The mean is over batch² entries, hence the usual weight of 30000.
 *
 * @param student features, `[batch, …]`, at least 2 images
 * @param teacher features, `[batch, …]`; no gradient flows into them
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the batches differ, `data.mismatch` for one image
 * @example pktLoss(studentPool, teacherPool)
 * @see Passalis and Tefas, "Learning Deep Representations with Probabilistic Knowledge Transfer", ECCV 2018, section 3
 */
export function pktLoss(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkBatch('pktLoss', student, teacher)
  checkLeastBatch('pktLoss', student, 2)
  return tf.tidy(() => {
    const target = withoutTape(() => neighborhood(flat(teacher)))
    const model = neighborhood(flat(student))
    // Both sum to 1 in every row, so the loss is a mean of terms t log(t / s) − t + s ≥ 0, which do not cancel.
    const ratio = tf.log(tf.div(tf.add(target, EPSILON), tf.add(model, EPSILON)))
    return tf.mean(tf.add(tf.mul(target, ratio), tf.sub(model, target)))
  })
}

/**
 * `pktLoss` of named taps, as plugins take it. The usual weight is 30000.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example pkt({ student: 'pool' })
 */
export function pkt(options: Partial<TapOptions> = {}): DistillationLoss {
  const { student, teacher } = fillOptions('pkt', VECTOR_TAPS, options)
  return featureLoss({
    name: 'pkt',
    comparesSamples: true,
    leastBatch: 2,
    taps: pairTaps('pkt', student, teacher),
    compute: eachPair((pair) => pktLoss(pair.student, pair.teacher)),
  })
}
