import * as tf from '@tensorflow/tfjs'
import { GpdError, type DistillationLoss } from '@gpdjs/core'

/**
 * Half the squared distance of the logits of each row: `½ Σ_c (s − t)²`.
 *
 * @param student logits, `[rows, classes]`
 * @param teacher logits, `[rows, classes]`
 * @returns `[rows]`, in squared logits
 * @throws GpdError `network.shape` if the shapes differ
 * @example logitMseRows(studentLogits, teacherLogits)
 * @see Ba and Caruana, "Do Deep Nets Really Need to be Deep?", NIPS 2014, section 2.2
 */
export function logitMseRows(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Tensor1D {
  if (student.shape.join() !== teacher.shape.join()) {
    throw new GpdError(
      'network.shape',
      `logitMseRows: expected logits of one shape, got [${student.shape.join(', ')}] and [${teacher.shape.join(', ')}].`,
      'Give both networks the same batch and the same classes.',
    )
  }
  return tf.div(tf.sum(tf.square(tf.sub(student, teacher)), 1), 2)
}

/** `logitMseRows` in the form that plugins take: the run averages the rows. */
export const logitMse = (): DistillationLoss => ({
  name: 'logit-mse',
  compute: ({ student, teacher }) => logitMseRows(student.logits, teacher.logits),
})
