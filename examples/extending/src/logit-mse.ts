import * as tf from '@tensorflow/tfjs'
import { GpdError, type DistillationLoss } from '@gpdjs/core'

/**
 * Half the squared distance of the logits: `1 / (2 · batch) · Σ_b Σ_c (s − t)²`.
 *
 * @param student logits, `[batch, classes]`
 * @param teacher logits, `[batch, classes]`
 * @returns scalar, in squared logits
 * @throws GpdError `network.shape` if the shapes differ
 * @example logitMseLoss(studentLogits, teacherLogits)
 * @see Ba and Caruana, "Do Deep Nets Really Need to be Deep?", NIPS 2014, section 2.2
 */
export function logitMseLoss(student: tf.Tensor2D, teacher: tf.Tensor2D): tf.Scalar {
  if (student.shape.join() !== teacher.shape.join()) {
    throw new GpdError(
      'network.shape',
      `logitMseLoss: expected logits of one shape, got [${student.shape.join(', ')}] and [${teacher.shape.join(', ')}].`,
      'Give both networks the same batch and the same classes.',
    )
  }
  return tf.div(tf.sum(tf.square(tf.sub(student, teacher))), 2 * student.shape[0])
}

/** `logitMseLoss` in the form that plugins take. */
export const logitMse = (): DistillationLoss => ({
  name: 'logit-mse',
  compute: ({ student, teacher }) => logitMseLoss(student.logits, teacher.logits),
})
