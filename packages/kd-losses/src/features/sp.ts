import * as tf from '@tensorflow/tfjs'
import { fillOptions, withoutTape, type DistillationLoss } from '@gpdjs/core'
import { checkBatch, checkLeastBatch } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { MAP_TAPS, pairTaps, type TapOptions } from '../support/taps.ts'
import { flat, meanSquare, unit } from '../support/vectors.ts'

/** Products of all images' features, each row of length 1: `[batch, batch]`. */
const similarities = (features: tf.Tensor2D): tf.Tensor2D => unit(tf.matMul(features, features, false, true))

/**
 * Similarity-preserving distillation: `Σ (G_s − G_t)² / batch²`.
 *
 * `G` holds the dot products of the images' flattened features, its rows divided by their length. Sizes and widths may
 * differ between the two sides. The usual weight is 3000.
 *
 * @param student features, `[batch, …]`, at least 2 images
 * @param teacher features, `[batch, …]`; no gradient flows into them
 * @returns scalar, no unit
 * @throws GpdError `network.shape` if the batches differ, `data.mismatch` for one image
 * @example spLoss(studentMap, teacherMap)
 * @see Tung and Mori, "Similarity-Preserving Knowledge Distillation", ICCV 2019, section 3
 */
export function spLoss(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkBatch('spLoss', student, teacher)
  checkLeastBatch('spLoss', student, 2)
  return tf.tidy(() => {
    const target = withoutTape(() => similarities(flat(teacher)))
    return meanSquare(tf.sub(similarities(flat(student)), target))
  })
}

/**
 * `spLoss` of named taps, as plugins take it: the paper's is the last feature map. The usual weight is 3000.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example sp({ student: 'layer3', teacher: 'layer4' })
 */
export function sp(options: TapOptions): DistillationLoss {
  const { student, teacher } = fillOptions('sp', MAP_TAPS, options)
  return featureLoss({
    name: 'sp',
    comparesSamples: true,
    leastBatch: 2,
    taps: pairTaps('sp', student, teacher),
    compute: eachPair((pair) => spLoss(pair.student, pair.teacher)),
  })
}
