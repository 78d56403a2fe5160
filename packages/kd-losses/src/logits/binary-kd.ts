import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { klDivergence } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'

const OPTIONS = {
  /** Divides both sides' logits; above 0, no unit (default 1). */
  temperature: option(kinds.positive, 1),
}

export type BinaryKdOptions = Given<typeof OPTIONS>

/** `log σ(x)` and `log σ(−x)`, the log-probabilities of yes and no: `[rows, 2 · labels]`. */
const logBinary = (x: tf.Tensor): tf.Tensor => tf.neg(tf.softplus(tf.concat([tf.neg(x), x], 1)))

/** `binaryKdLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function binaryKdRows(student: tf.Tensor, teacher: tf.Tensor, options: BinaryKdOptions = {}): tf.Tensor1D {
  const { temperature } = fillOptions('binaryKdLoss', OPTIONS, options)
  checkPair('binaryKdLoss', student, teacher)
  return closedForm(student, {
    value(logits) {
      const [s, t] = [tf.div(logits, temperature), tf.div(teacher, temperature)]
      const rows: tf.Tensor1D = tf.mul(klDivergence(logBinary(t), logBinary(s)), temperature ** 2)
      return { rows, saved: { s, t } }
    },
    gradient: ({ s, t }) => tf.mul(tf.sub(tf.sigmoid(s), tf.sigmoid(t)), temperature),
  })
}

/**
 * Knowledge distillation of labels that hold or not, each by itself: `T² · mean_b Σ_l KL(σ(t / T) ‖ σ(s / T))`, the divergence of
 * two yes-or-no distributions for every label.
 *
 * With T = 1 it is the logits distillation (MLD) of the paper. The gradient of a row is `T · (σ(s / T) − σ(t / T))`.
 *
 * @param student logits, `[batch, labels]`
 * @param teacher logits, `[batch, labels]`; no gradient flows into them
 * @returns scalar, in nats times T², summed over the labels
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid` for a temperature that is not above 0
 * @example binaryKdLoss(studentLogits, teacherLogits, { temperature: 2 })
 * @see Yang et al., "Multi-Label Knowledge Distillation", ICCV 2023, arXiv 2308.06453: one yes or no for each label
 */
export const binaryKdLoss = meanOf(binaryKdRows)

/**
 * `binaryKdRows` with its options filled in, as plugins take it: for `multiLabel()`.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example binaryKd({ temperature: 2 })
 */
export function binaryKd(options: BinaryKdOptions = {}): DistillationLoss {
  const filled = fillOptions('binaryKd', OPTIONS, options)
  return {
    name: 'binary-kd',
    distribution: 'bernoulli',
    compute: ({ student, teacher }) => binaryKdRows(student.logits, teacher.logits, filled),
  }
}
