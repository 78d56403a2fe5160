import * as tf from '@tensorflow/tfjs'
import { stopGradient, tensorOps } from '@gpdjs/core'
import { checkMaps, checkSameShape } from '../support/check-features.ts'
import { meanOf, sumOf } from '../support/sums.ts'
import { meanSquares } from '../support/vectors.ts'

/** Heights to which maps are pooled, beside their own. */
const LEVELS = [4, 2, 1]

/** `hclLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function hclRows(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor1D {
  checkMaps('hclLoss', student, teacher)
  checkSameShape('hclLoss', student, teacher, 'Fuse the student to the shape of the teacher first.')
  return tf.tidy(() => {
    // Pooling is linear: the difference is pooled, once instead of twice.
    const difference = tf.sub(student, stopGradient(teacher)) as tf.Tensor4D
    const height = Math.min(difference.shape[1], difference.shape[2])
    const sizes = LEVELS.filter((level) => level < height)
    const errors = [
      meanSquares(difference),
      ...sizes.map((level) => meanSquares(tensorOps.adaptiveAveragePool(difference, [level, level]))),
    ]
    const weights = errors.map((_, i) => 0.5 ** i)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return sumOf(errors.map((error, i) => tf.mul(error, weights[i]! / total)))
  })
}

/**
 * Hierarchical context loss of two maps: mean squared differences at full size and pooled to 4 × 4, 2 × 2 and 1 × 1 (as far
 * as these are smaller), weighted 1, ½, ¼, ⅛ and divided by the sum of the weights.
 *
 * @param student map, `[batch, height, width, channels]`
 * @param teacher map of the same shape; no gradient flows into it
 * @returns scalar, in squared units of the features
 * @throws GpdError `network.shape` unless both are maps of one shape
 * @example hclLoss(tf.ones([2, 8, 8, 3]), tf.zeros([2, 8, 8, 3])) // 1
 * @see Chen et al., "Distilling Knowledge via Knowledge Review", CVPR 2021, section 3.3
 */
export const hclLoss = meanOf(hclRows)
