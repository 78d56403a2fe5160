import type * as tf from '@tensorflow/tfjs'
import { GpdError, type LossSetup } from '@gpdjs/core'

const shapeOf = ({ shape }: tf.Tensor): string => `[${shape.join(', ')}]`

/** @throws GpdError `network.shape` unless these are logits `[batch, classes]` */
export function checkLogits(where: string, logits: tf.Tensor): void {
  if (logits.rank === 2) return
  throw new GpdError(
    'network.shape',
    `${where}: expected logits of shape [batch, classes], got ${shapeOf(logits)}.`,
    'Flatten the last layer of the network, or add a batch axis.',
  )
}

/** @throws GpdError `network.shape` unless both are logits `[batch, classes]` of the same size */
export function checkPair(where: string, student: tf.Tensor, teacher: tf.Tensor): void {
  checkLogits(where, student)
  checkLogits(where, teacher)
  if (student.shape[0] === teacher.shape[0] && student.shape[1] === teacher.shape[1]) return
  throw new GpdError(
    'network.shape',
    `${where}: expected student and teacher logits of one shape, got student ${shapeOf(student)} and teacher ${shapeOf(teacher)}.`,
    'Give both networks the same batch and the same number of classes.',
  )
}

/**
 * Number of classes, from the shapes that the student puts out.
 *
 * @throws GpdError `network.invalid` without an output `logits`
 */
export function classesOf(where: string, outputs: LossSetup['outputs']): number {
  const classes = outputs['logits']?.at(-1)
  if (classes !== undefined) return classes
  const problem = `${where}: expected a student with the output 'logits', got ${Object.keys(outputs).join(', ') || 'none'}.`
  throw new GpdError('network.invalid', problem, 'Name the output of its last layer so.')
}

/** @throws GpdError `data.mismatch` unless the labels are one class index, int32, per row of the logits */
export function checkLabels(where: string, logits: tf.Tensor, labels: tf.Tensor): void {
  if (labels.rank === 1 && labels.dtype === 'int32' && labels.shape[0] === logits.shape[0]) return
  throw new GpdError(
    'data.mismatch',
    `${where}: expected int32 labels of shape [${logits.shape[0]}], got ${labels.dtype} ${shapeOf(labels)}.`,
    'Pass class indices; from soft or one-hot labels take tf.argMax(labels, 1).',
  )
}
