import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { classIndices, needsIndex, SOFT_LABELS } from '../support/labels.ts'
import { hasShares, klDivergence, logShares, maskedLogSumExp, oneHotLabels } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'
import { decouple, others } from './decouple.ts'

const OPTIONS = {
  /** Weight of the confidence term, at least 0 (default 1). */
  alpha: option(kinds.nonNegative, 1),
  /** Weight of the term over the masked classes, at least 0 (default 8; on ImageNet 0.5 or 2). */
  beta: option(kinds.nonNegative, 8),
  /** Divides both sides' logits in the masked term; above 0 (default 4; on ImageNet 1). */
  temperature: option(kinds.positive, 4),
  /** Divides both sides' logits in the confidence term; above 0 (default 1). */
  confidenceTemperature: option(kinds.positive, 1),
  ...SOFT_LABELS,
}

export type RldOptions = Given<typeof OPTIONS>

/** `log` of the softmax over the classes that are kept; 0 at the others. */
const keptLogSoftmax = (x: tf.Tensor2D, excluded: tf.Tensor2D, logSum: tf.Tensor2D): tf.Tensor2D =>
  tf.where(excluded, tf.zerosLike(x), logShares(x, logSum))

/** Its exponential; 0 at the classes that are excluded. */
const keptProbabilities = (log: tf.Tensor, excluded: tf.Tensor): tf.Tensor =>
  tf.where(excluded, tf.zerosLike(log), tf.exp(log))

/** Classes that the teacher rates at least as high as the label: bool, `[batch, classes]`. */
function ratedAsHigh(teacher: tf.Tensor, isTarget: tf.Tensor2D): tf.Tensor2D {
  const atTarget: tf.Tensor2D = tf.sum(tf.where(isTarget, teacher, tf.zerosLike(teacher)), 1, true)
  return tf.greaterEqual(teacher, atTarget) as tf.Tensor2D
}

function checkClasses(classes: number): void {
  if (classes > 2) return
  throw new GpdError('config.invalid', `rldLoss: expected at least 3 classes, got ${classes}.`, 'Use kdLoss instead.')
}

/** `rldLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function rldRows(
  student: tf.Tensor,
  teacher: tf.Tensor,
  labels: tf.Tensor,
  options: RldOptions = {},
): tf.Tensor1D {
  const { alpha, beta, temperature, confidenceTemperature, softLabels } = fillOptions('rldLoss', OPTIONS, options)
  checkPair('rldLoss', student, teacher)
  const indices = classIndices('rldLoss', student, labels, softLabels)
  const [, classes] = student.shape
  checkClasses(classes)
  return closedForm(student, {
    value: (logits) => {
      const isTarget = tf.cast(oneHotLabels(indices(), classes), 'bool')
      const isHighest = tf.cast(oneHotLabels(tf.argMax(teacher, 1), classes), 'bool')
      const s = decouple(tf.div(logits, confidenceTemperature), isTarget)
      const t = decouple(tf.div(teacher, confidenceTemperature), isHighest)
      const excluded = ratedAsHigh(teacher, isTarget)
      const [x, y] = [tf.div(logits, temperature), tf.div(teacher, temperature)] as [tf.Tensor2D, tf.Tensor2D]
      const teacherSum = maskedLogSumExp(y, excluded)
      const kept = keptLogSoftmax(x, excluded, maskedLogSumExp(x, excluded))
      const teacherKept = keptLogSoftmax(y, excluded, teacherSum)
      const teacherP = keptProbabilities(teacherKept, excluded)
      const confidence = tf.mul(klDivergence(t.logBinary, s.logBinary), alpha * confidenceTemperature ** 2)
      const masked = tf.mul(klDivergence(teacherKept, kept, teacherP), beta * temperature ** 2)
      return {
        rows: tf.add(confidence, masked) as tf.Tensor1D,
        saved: {
          isTarget,
          excluded,
          logB: s.logBinary,
          teacherLogB: t.logBinary,
          logOthers: s.logOthers,
          kept,
          teacherP,
          teacherKeeps: hasShares(teacherSum),
        },
      }
    },
    gradient: ({ isTarget, excluded, logB, teacherLogB, logOthers, kept, teacherP, teacherKeeps }) => {
      // With u the log-odds of the target: ∂KL/∂u = p_s(y) − m_t and ∂u/∂s = (1_y − p̂_s) / T_a.
      const delta = tf.slice(tf.sub(tf.exp(logB), tf.exp(teacherLogB)), [0, 0], [-1, 1])
      const toTarget = tf.sub(tf.cast(isTarget, 'float32'), others(logOthers, isTarget))
      const confidence = tf.mul(tf.mul(toTarget, delta), alpha * confidenceTemperature)
      const masked = tf.mul(
        tf.sub(tf.mul(keptProbabilities(kept, excluded), teacherKeeps), teacherP),
        beta * temperature,
      )
      return tf.add(confidence, masked)
    },
  })
}

/**
 * Refined logit distillation:
 * `mean_b [α · T_a² · KL((m_t, 1 − m_t) ‖ (p_s(y), 1 − p_s(y))) + β · T² · KL(p̂_t ‖ p̂_s)]`.
 *
 * `m_t` is the teacher's greatest probability, whatever the class, at temperature T_a; `p̂` is the softmax at temperature T
 * over the classes that the teacher rates below the label. So a wrong teacher does not teach its mistake. Where the teacher
 * is right on all images and `T_a = T` it is `dkdLoss`. A row without such a class adds nothing to the second term.
 *
 * @param student logits, `[batch, classes]`, at least 3 classes
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @param labels class indices, int32 `[batch]`, each from 0 to classes − 1 (not checked)
 * @returns scalar, in nats times T²
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for soft labels without `softLabels: 'argmax'`, `config.invalid`
 * @example rldLoss(studentLogits, teacherLogits, labels)
 * @see Sun et al., "Knowledge Distillation with Refined Logits", 2024, section 4
 */
export const rldLoss = meanOf(rldRows)

/**
 * `rldRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example rld({ beta: 2, temperature: 1 })
 */
export function rld(options: RldOptions = {}): DistillationLoss {
  const filled = fillOptions('rld', OPTIONS, options)
  return {
    name: 'rld',
    distribution: 'categorical',
    ...needsIndex(filled.softLabels),
    compute: ({ student, teacher, labels }) => rldRows(student.logits, teacher.logits, labels, filled),
  }
}
