import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, withoutTape, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkBatch, checkLeastBatch } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { pairTaps, VECTOR_TAPS, type TapOptions } from '../support/taps.ts'
import { flat, norm, unit } from '../support/vectors.ts'

const OPTIONS = {
  /** Weight of the distances between two images, at least 0 (default 25). */
  distance: option(kinds.nonNegative, 25),
  /** Weight of the angles between three images, at least 0 (default 50). */
  angle: option(kinds.nonNegative, 50),
}

export type RkdOptions = Given<typeof OPTIONS>

/** Squared distances below this count as this. */
const FLOOR = 1e-12

/** Mean of `½ x²` where |x| < 1, `|x| − ½` elsewhere; its gradient is x cut off at ±1. */
function smoothL1(x: tf.Tensor): tf.Scalar {
  return tf.customGrad((input, save) => {
    const difference = input as tf.Tensor
    ;(save as tf.GradSaveFunc)([difference])
    const size = tf.abs(difference)
    const near = tf.minimum(size, 1)
    return {
      value: tf.mean(tf.mul(near, tf.sub(size, tf.mul(near, 0.5)))),
      gradFunc: (dy, [saved]) => tf.mul(tf.clipByValue(saved!, -1, 1), tf.div(dy, saved!.size)),
    }
  })(x) as tf.Scalar
}

/** `f_j − f_i` for all pairs, `[batch, batch, values]`: differences, since a Gram matrix would cancel for close vectors. */
const differences = (f: tf.Tensor2D): tf.Tensor3D => tf.sub(tf.expandDims(f, 0), tf.expandDims(f, 1))

/** All distances, divided by the mean of those between different images: `[batch, batch]`. */
function relativeDistances(f: tf.Tensor3D): tf.Tensor2D {
  const [batch] = f.shape
  const others = tf.sub(1, tf.eye(batch))
  const lengths: tf.Tensor2D = tf.mul(tf.squeeze(norm(f, 2, FLOOR), [2]), others)
  return tf.div(lengths, tf.div(tf.sum(lengths), batch * (batch - 1)))
}

/** Cosines of the angles at image i between the directions to j and to k: `[batch, batch, batch]`. */
function cosines(f: tf.Tensor3D): tf.Tensor3D {
  const directions = unit(f)
  return tf.matMul(directions, directions, false, true)
}

/**
 * Relational knowledge distillation: `distance · mean ℓ(d_s − d_t) + angle · mean ℓ(a_s − a_t)`.
 *
 * `d_ij` are the distances between the images' features over their mean, `a_ijk` the cosines of the angles between three of
 * them, ℓ is the Huber loss with δ = 1. The widths may differ; rotating, scaling and moving either side changes nothing.
 * Costs `batch² · values + batch³` numbers: keep the batch below 256.
 *
 * @param student features, `[batch, …]`, at least 3 images
 * @param teacher features, `[batch, …]`; no gradient flows into them
 * @returns scalar, no unit
 * @throws GpdError `network.shape` if the batches differ, `data.mismatch` for fewer than 3 images, `config.invalid`
 * @example rkdLoss(studentPool, teacherPool)
 * @see Park et al., "Relational Knowledge Distillation", CVPR 2019, section 3
 */
export function rkdLoss(student: tf.Tensor, teacher: tf.Tensor, options: RkdOptions = {}): tf.Scalar {
  const { distance, angle } = fillOptions('rkdLoss', OPTIONS, options)
  checkBatch('rkdLoss', student, teacher)
  checkLeastBatch('rkdLoss', student, 3)
  return tf.tidy(() => {
    const s = differences(flat(student))
    const t = withoutTape(() => differences(flat(teacher)))
    const distanceTerm = smoothL1(
      tf.sub(
        relativeDistances(s),
        withoutTape(() => relativeDistances(t)),
      ),
    )
    const angleTerm = smoothL1(
      tf.sub(
        cosines(s),
        withoutTape(() => cosines(t)),
      ),
    )
    return tf.add(tf.mul(distanceTerm, distance), tf.mul(angleTerm, angle))
  })
}

/**
 * `rkdLoss` of named taps, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example rkd({ student: 'pool' })
 */
export function rkd(options: RkdOptions & Partial<TapOptions> = {}): DistillationLoss {
  const { student, teacher, ...filled } = fillOptions('rkd', { ...OPTIONS, ...VECTOR_TAPS }, options)
  return featureLoss({
    name: 'rkd',
    comparesSamples: true,
    leastBatch: 3,
    taps: pairTaps('rkd', student, teacher),
    compute: eachPair((pair) => rkdLoss(pair.student, pair.teacher, filled)),
  })
}
