import * as tf from '@tensorflow/tfjs'
import { GpdError, show, type LossSetup } from '@gpdjs/core'

export const shapeOf = ({ shape }: tf.Tensor): string => `[${shape.join(', ')}]`

/** @throws GpdError `config.invalid` for anything but a tensor, such as a list of numbers */
export function checkTensor(where: string, value: unknown): void {
  if (value instanceof tf.Tensor) return
  throw new GpdError(
    'config.invalid',
    `${where}: expected a tensor, got ${show(value)}.`,
    'Make one: tf.tensor2d(rows).',
  )
}

/** @throws GpdError `network.shape` unless these are logits `[batch, classes]`, `config.invalid` for no tensor */
export function checkLogits(where: string, logits: tf.Tensor): asserts logits is tf.Tensor2D {
  checkTensor(where, logits)
  if (logits.rank === 2) return
  throw new GpdError(
    'network.shape',
    `${where}: expected logits of shape [batch, classes], got ${shapeOf(logits)}.`,
    'Flatten the last layer of the network, or add a batch axis.',
  )
}

/** @throws GpdError `network.shape` unless both are logits `[batch, classes]` of the same size */
export function checkPair(where: string, student: tf.Tensor, teacher: tf.Tensor): asserts student is tf.Tensor2D {
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
