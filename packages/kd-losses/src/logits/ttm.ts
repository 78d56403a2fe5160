import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { klDivergence } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'

const TTM = {
  /** Power γ of the teacher's probabilities, an inverse temperature; above 0 (default 0.1). */
  gamma: option(kinds.positive, 0.1),
}

export type TtmOptions = Given<typeof TTM>

const WTTM = {
  /** Power γ of the teacher's probabilities, an inverse temperature; above 0 (default 0.2). */
  gamma: option(kinds.positive, 0.2),
}

export type WttmOptions = Given<typeof WTTM>

const logSumExp = (x: tf.Tensor): tf.Tensor2D => tf.logSumExp(x, 1, true)

/** `Σ_c p_t(c)^γ = exp(LSE(γ z) − γ LSE(z))`: `[batch, 1]` */
const powerSum = (teacher: tf.Tensor, gamma: number): tf.Tensor2D =>
  tf.exp(tf.sub<tf.Tensor2D>(logSumExp(tf.mul(teacher, gamma)), tf.mul(logSumExp(teacher), gamma)))

/** `w · KL(softmax(γ t) ‖ softmax(s))` of each row, whose gradient is `w (p_s − q)`. */
function matching(
  student: tf.Tensor2D,
  teacher: tf.Tensor,
  gamma: number,
  weigh: (teacher: tf.Tensor, gamma: number) => tf.Tensor2D,
): tf.Tensor1D {
  return closedForm(student, {
    value: (logits) => {
      const logStudent = tf.logSoftmax(logits)
      const logTarget = tf.logSoftmax(tf.mul(teacher, gamma))
      const weight = weigh(teacher, gamma)
      const divergence = klDivergence(logTarget, logStudent)
      return { rows: tf.mul(divergence, tf.squeeze(weight, [1])), saved: { logStudent, logTarget, weight } }
    },
    gradient: ({ logStudent, logTarget, weight }) => tf.mul(tf.sub(tf.exp(logStudent), tf.exp(logTarget)), weight),
  })
}

/** `ttmLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function ttmRows(student: tf.Tensor, teacher: tf.Tensor, options: TtmOptions = {}): tf.Tensor1D {
  const { gamma } = fillOptions('ttmLoss', TTM, options)
  checkPair('ttmLoss', student, teacher)
  return matching(student, teacher, gamma, ({ shape: [batch] }) => tf.ones([batch!, 1]))
}

/**
 * Transformed teacher matching: `mean_b KL(q ‖ p_s)` with `q = p_t^γ / Σ_c p_t(c)^γ`.
 *
 * The power transform is a temperature 1/γ on the teacher's side only; the student's logits stay as they are, and there is
 * no factor T². Weights are tuned for each pair of networks (45 in the authors' example with γ = 0.1).
 *
 * @param student logits, `[batch, classes]`
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid`
 * @example ttmLoss(studentLogits, teacherLogits, { gamma: 0.1 })
 * @see Zheng and Yang, "Knowledge Distillation Based on Transformed Teacher Matching", ICLR 2024, section 4
 */
export const ttmLoss = meanOf(ttmRows)

/** `wttmLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function wttmRows(student: tf.Tensor, teacher: tf.Tensor, options: WttmOptions = {}): tf.Tensor1D {
  const { gamma } = fillOptions('wttmLoss', WTTM, options)
  checkPair('wttmLoss', student, teacher)
  return matching(student, teacher, gamma, powerSum)
}

/**
 * Weighted transformed teacher matching: `mean_b (Σ_c p_t(c)^γ) · KL(q ‖ p_s)` with `q` as in `ttmLoss`.
 *
 * For γ < 1 the weight is from 1, for a teacher that is certain, to `classes^(1 − γ)`, for a uniform one.
 *
 * @param student logits, `[batch, classes]`
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid`
 * @example wttmLoss(studentLogits, teacherLogits, { gamma: 0.2 })
 * @see Zheng and Yang, "Knowledge Distillation Based on Transformed Teacher Matching", ICLR 2024, section 5
 */
export const wttmLoss = meanOf(wttmRows)

/**
 * `ttmRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example ttm({ gamma: 0.1 })
 */
export function ttm(options: TtmOptions = {}): DistillationLoss {
  const filled = fillOptions('ttm', TTM, options)
  return {
    name: 'ttm',
    distribution: 'categorical',
    compute: ({ student, teacher }) => ttmRows(student.logits, teacher.logits, filled),
  }
}

/**
 * `wttmRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example wttm({ gamma: 0.2 })
 */
export function wttm(options: WttmOptions = {}): DistillationLoss {
  const filled = fillOptions('wttm', WTTM, options)
  return {
    name: 'wttm',
    distribution: 'categorical',
    compute: ({ student, teacher }) => wttmRows(student.logits, teacher.logits, filled),
  }
}
