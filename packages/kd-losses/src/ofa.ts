import * as tf from '@tensorflow/tfjs'
import type { DistillationLoss } from '@gpdjs/core'
import { checkLabels, checkPair } from './check-inputs.ts'
import { closedForm } from './closed-form.ts'
import { oneHotLabels } from './log-space.ts'
import { fillOptions, positive } from './options.ts'

export interface OfaOptions {
  /** Power ε of the target's confidence, above 0 (default 1; 1.5 in the paper's ImageNet runs). */
  readonly epsilon?: number
}

const OPTIONS = { epsilon: positive(1) }

/** `w_c = (p_t(c) + 1{c = y})^ε − 1{c = y}`, without losing digits of a small `p_t(y)`. */
function enhancedTarget(teacher: tf.Tensor2D, labels: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const isTarget = tf.cast(oneHotLabels(labels, teacher.shape[1]), 'bool')
  const logProbabilities = tf.logSoftmax(teacher)
  const atTarget = tf.expm1(tf.mul(tf.log1p(tf.exp(logProbabilities)), epsilon))
  return tf.where(isTarget, atTarget, tf.exp(tf.mul(logProbabilities, epsilon))) as tf.Tensor2D
}

/**
 * One-for-all distillation, adaptive target enhancement: `−mean_b Σ_c w_c · log p_s(c)` with
 * `w_c = (p_t(c) + 1{c = y})^ε − 1{c = y}`.
 *
 * With ε = 1 it is `softCrossEntropyLoss`; a greater ε trusts the label more where the teacher does. There is no
 * temperature. The gradient is `(p_s · Σ_c w_c − w) / batch`.
 *
 * @param student logits, `[batch, classes]`, of the network or of an exit head
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @param labels class indices, int32 `[batch]`, each from 0 to classes − 1 (not checked)
 * @param options.epsilon ε > 0 (default 1)
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for soft labels, `config.invalid`
 * @example ofaLoss(studentLogits, teacherLogits, labels, { epsilon: 1.5 })
 * @see Hao et al., "One-for-All: Bridge the Gap Between Heterogeneous Architectures in Knowledge Distillation", NeurIPS 2023,
 *   section 3.3
 */
export function ofaLoss(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: OfaOptions = {},
): tf.Scalar {
  const { epsilon } = fillOptions('ofaLoss', OPTIONS, options)
  checkPair('ofaLoss', student, teacher)
  checkLabels('ofaLoss', student, labels)
  const [batch] = student.shape
  return closedForm(student, {
    value: (logits) => {
      const logProbabilities = tf.logSoftmax(logits)
      const target = enhancedTarget(teacher, labels, epsilon)
      const loss: tf.Scalar = tf.mul(tf.sum(tf.mul(target, logProbabilities)), -1 / batch)
      return { loss, saved: { logProbabilities, target } }
    },
    gradient: ({ logProbabilities, target }) =>
      tf.div(tf.sub(tf.mul(tf.exp(logProbabilities), tf.sum(target, 1, true)), target), batch),
  })
}

/**
 * `ofaLoss` of the final logits with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example ofa({ epsilon: 1.5 })
 */
export function ofa(options: OfaOptions = {}): DistillationLoss {
  const filled = fillOptions('ofa', OPTIONS, options)
  return {
    name: 'ofa',
    compute: ({ student, teacher, labels }) => ofaLoss(student.logits, teacher.logits, labels, filled),
  }
}
