import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { meanOf } from '../support/sums.ts'
import { targetCrossEntropy } from './cross-entropy.ts'

const OPTIONS = {
  /** Share ε of the target that is spread evenly over the classes, from 0 to 1 (default 0; GPD uses 0.1). */
  smoothing: option(kinds.fraction, 0),
}

export type SoftCrossEntropyOptions = Given<typeof OPTIONS>

/** `softCrossEntropyLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function softCrossEntropyRows(
  student: tf.Tensor,
  teacher: tf.Tensor,
  options: SoftCrossEntropyOptions = {},
): tf.Tensor1D {
  const { smoothing } = fillOptions('softCrossEntropyLoss', OPTIONS, options)
  checkPair('softCrossEntropyLoss', student, teacher)
  const uniform = smoothing / student.shape[1]
  return targetCrossEntropy(student, () => {
    const probabilities = tf.softmax(teacher)
    return smoothing === 0 ? probabilities : tf.add(tf.mul(probabilities, 1 - smoothing), uniform)
  })
}

/**
 * Cross-entropy with the teacher's probabilities, smoothed: `−mean_b Σ_c [(1 − ε) p_t(c) + ε / classes] · log p_s(c)`.
 *
 * There is no temperature. The least value is the entropy of the target, not 0; with smoothing the loss pulls towards
 * the uniform distribution even where student and teacher agree. The gradient of a row is `p_s − target`.
 *
 * @param student logits, `[batch, classes]`
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid` for a smoothing outside its range
 * @example softCrossEntropyLoss(studentLogits, dynamicTeacherLogits, { smoothing: 0.1 })
 * @see "Gap Preserving Distillation by Building Bidirectional Mappings with A Dynamic Teacher", ICLR 2025
 */
export const softCrossEntropyLoss = meanOf(softCrossEntropyRows)

/**
 * `softCrossEntropyRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example softCrossEntropy({ smoothing: 0.1 })
 */
export function softCrossEntropy(options: SoftCrossEntropyOptions = {}): DistillationLoss {
  const filled = fillOptions('softCrossEntropy', OPTIONS, options)
  return {
    name: 'soft-cross-entropy',
    distribution: 'categorical',
    compute: ({ student, teacher }) => softCrossEntropyRows(student.logits, teacher.logits, filled),
  }
}
