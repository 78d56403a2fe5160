import * as tf from '@tensorflow/tfjs'
import { GpdError, kinds, option } from '@gpdjs/core'
import { checkTensor, shapeOf } from './check-inputs.ts'
import { oneHotLabels } from './log-space.ts'

/** The option of losses that need one class for each row. */
export const SOFT_LABELS = {
  /**
   * What to do about one-hot labels and mixtures: `'refuse'` them, or take the class with the greatest share of each row,
   * `'argmax'` (default `'refuse'`).
   */
  softLabels: option(kinds.oneOf('refuse', 'argmax'), 'refuse'),
}

export type SoftLabels = 'refuse' | 'argmax'

/** What such a loss declares: it is refused with soft labels unless it takes their greatest share. */
export const needsIndex = (softLabels: SoftLabels): { labels?: 'index' } =>
  softLabels === 'refuse' ? { labels: 'index' } : {}

const isIndex = (labels: tf.Tensor): labels is tf.Tensor1D => labels.rank === 1 && labels.dtype === 'int32'

/** @throws GpdError `data.mismatch` unless the labels have as many rows as the logits, and are what is expected of them */
function checkRows(where: string, labels: tf.Tensor, rows: number, expected: string, isRight: boolean): void {
  if (isRight && labels.shape[0] === rows) return
  throw new GpdError(
    'data.mismatch',
    `${where}: expected ${expected}, got ${labels.dtype} ${shapeOf(labels)}.`,
    'Pass class indices; from soft or one-hot labels take tf.argMax(labels, 1).',
  )
}

/** One class index for each row, int32 `[rows]`. */
type Indices = () => tf.Tensor1D

/**
 * Class indices of labels, made when they are asked for.
 *
 * @throws GpdError `data.mismatch` for soft labels that are to be refused, and those of another shape or type
 */
export function classIndices(where: string, { shape }: tf.Tensor, labels: tf.Tensor, softLabels?: SoftLabels): Indices {
  checkTensor(where, labels)
  const [rows] = shape as [number]
  const isTaken = softLabels === 'argmax' && labels.rank === 2
  checkRows(where, labels, rows, `int32 labels of shape [${rows}]`, isTaken || isIndex(labels))
  return () => (labels.rank === 2 ? tf.argMax(labels, 1) : (labels as tf.Tensor1D))
}

/**
 * The share of every class in each row, float32 `[rows, classes]`, made when it is asked for: 1 for the class of an index.
 *
 * @throws GpdError `data.mismatch` for labels of another shape or type
 */
export function classShares(where: string, { shape }: tf.Tensor2D, labels: tf.Tensor): () => tf.Tensor2D {
  checkTensor(where, labels)
  const [rows, classes] = shape
  const isRight = isIndex(labels) || (labels.rank === 2 && labels.shape[1] === classes)
  checkRows(where, labels, rows, `int32 labels of shape [${rows}] or float32 of [${rows}, ${classes}]`, isRight)
  return () => tf.cast(isIndex(labels) ? oneHotLabels(labels, classes) : (labels as tf.Tensor2D), 'float32')
}
