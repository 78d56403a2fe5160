import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { classIndices, needsIndex, SOFT_LABELS } from '../support/labels.ts'
import { oneHotLabels, klDivergence } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'
import { decouple, others } from './decouple.ts'

const OPTIONS = {
  /** Weight of the target-class term, at least 0 (default 1). */
  alpha: option(kinds.nonNegative, 1),
  /** Weight of the term over the other classes, at least 0 (default 8; published runs use 0.5 to 8). */
  beta: option(kinds.nonNegative, 8),
  /** Divides both sides' logits; above 0, no unit (default 4). */
  temperature: option(kinds.positive, 4),
  ...SOFT_LABELS,
}

export type DkdOptions = Given<typeof OPTIONS>

/** Refuses what makes the second term vanish: one class besides the target always has probability 1. */
function checkClasses(classes: number): void {
  if (classes > 2) return
  throw new GpdError('config.invalid', `dkdLoss: expected at least 3 classes, got ${classes}.`, 'Use kdLoss instead.')
}

/** `dkdLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function dkdRows(
  student: tf.Tensor,
  teacher: tf.Tensor,
  labels: tf.Tensor,
  options: DkdOptions = {},
): tf.Tensor1D {
  const { alpha, beta, temperature, softLabels } = fillOptions('dkdLoss', OPTIONS, options)
  checkPair('dkdLoss', student, teacher)
  const indices = classIndices('dkdLoss', student, labels, softLabels)
  const [, classes] = student.shape
  checkClasses(classes)
  return closedForm(student, {
    value: (logits) => {
      const isTarget = tf.cast(oneHotLabels(indices(), classes), 'bool')
      const s = decouple(tf.div(logits, temperature), isTarget)
      const t = decouple(tf.div(teacher, temperature), isTarget)
      const teacherOthers = others(t.logOthers, isTarget)
      const targetTerm = tf.mul(klDivergence(t.logBinary, s.logBinary), alpha * temperature ** 2)
      const othersTerm = tf.mul(klDivergence(t.logOthers, s.logOthers, teacherOthers), beta * temperature ** 2)
      return {
        rows: tf.add(targetTerm, othersTerm) as tf.Tensor1D,
        saved: {
          isTarget,
          logB: s.logBinary,
          teacherLogB: t.logBinary,
          logOthers: s.logOthers,
          teacherOthers,
          teacherHasOthers: t.hasOthers,
        },
      }
    },
    gradient: ({ isTarget, logB, teacherLogB, logOthers, teacherOthers, teacherHasOthers }) => {
      const studentOthers = others(logOthers, isTarget)
      const delta = tf.slice(tf.sub(tf.exp(logB), tf.exp(teacherLogB)), [0, 0], [-1, 1])
      const targetTerm = tf.mul(tf.sub(tf.cast(isTarget, 'float32'), studentOthers), tf.mul(delta, alpha))
      const othersTerm = tf.mul(tf.sub(tf.mul(studentOthers, teacherHasOthers), teacherOthers), beta)
      return tf.mul(tf.add(targetTerm, othersTerm), temperature)
    },
  })
}

/**
 * Decoupled knowledge distillation: `mean_b T² · [α · KL(b_t ‖ b_s) + β · KL(p̂_t ‖ p̂_s)]`.
 *
 * At temperature T, `b = (p_y, 1 − p_y)` is the distribution over target and not target, `p̂` is the softmax over the other classes.
 * With `α = 1` and `β = 1 − p_t(y)` per sample this would be `kdLoss`. With `δ = b_s(y) − b_t(y)` the gradient of a row is
 * `T · [α δ (1_y − p̂_s) + β (p̂_s − p̂_t)]`.
 *
 * @param student logits, `[batch, classes]`, at least 3 classes
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @param labels class indices, int32 `[batch]`, each from 0 to classes − 1 (not checked: that would mean to wait for the
 *   backend)
 * @returns scalar, in nats times T²
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for soft labels without `softLabels: 'argmax'`, `config.invalid` for fewer than
 *   3 classes and options outside their range
 * @example dkdLoss(studentLogits, teacherLogits, labels, { alpha: 1, beta: 8, temperature: 4 })
 * @see Zhao et al., "Decoupled Knowledge Distillation", CVPR 2022, section 3
 */
export const dkdLoss = meanOf(dkdRows)

/**
 * `dkdRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example dkd({ beta: 0.5, temperature: 1 })
 */
export function dkd(options: DkdOptions = {}): DistillationLoss {
  const filled = fillOptions('dkd', OPTIONS, options)
  return {
    name: 'dkd',
    distribution: 'categorical',
    ...needsIndex(filled.softLabels),
    compute: ({ student, teacher, labels }) => dkdRows(student.logits, teacher.logits, labels, filled),
  }
}
