import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { klDivergence } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'

const OPTIONS = {
  /** Divides both sides' logits; above 0, no unit (default 4). */
  temperature: option(kinds.positive, 4),
}

export type KdOptions = Given<typeof OPTIONS>

/** `kdLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function kdRows(student: tf.Tensor, teacher: tf.Tensor, options: KdOptions = {}): tf.Tensor1D {
  const { temperature } = fillOptions('kdLoss', OPTIONS, options)
  checkPair('kdLoss', student, teacher)
  return closedForm(student, {
    value: (s) => {
      const logStudent = tf.logSoftmax(tf.div(s, temperature))
      const logTeacher = tf.logSoftmax(tf.div(teacher, temperature))
      const rows: tf.Tensor1D = tf.mul(klDivergence(logTeacher, logStudent), temperature ** 2)
      return { rows, saved: { logStudent, logTeacher } }
    },
    gradient: ({ logStudent, logTeacher }) => tf.mul(tf.sub(tf.exp(logStudent), tf.exp(logTeacher)), temperature),
  })
}

/**
 * Knowledge distillation with soft targets: `T² · mean_b KL(softmax(t / T) ‖ softmax(s / T))`.
 *
 * The factor T² keeps the size of the gradient, `T · (softmax(s / T) − softmax(t / T))` in each row, about the same for
 * every T.
 *
 * @param student logits, `[batch, classes]`
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @returns scalar, in nats times T²
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid` for a temperature that is not above 0
 * @example kdLoss(studentLogits, teacherLogits, { temperature: 4 })
 * @see Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2
 */
export const kdLoss = meanOf(kdRows)

/**
 * `kdRows` with its options filled in, as plugins take it.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example kd({ temperature: 4 })
 */
export function kd(options: KdOptions = {}): DistillationLoss {
  const filled = fillOptions('kd', OPTIONS, options)
  return {
    name: 'kd',
    distribution: 'categorical',
    compute: ({ student, teacher }) => kdRows(student.logits, teacher.logits, filled),
  }
}
