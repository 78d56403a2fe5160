import * as tf from '@tensorflow/tfjs'
import type { RandomStream, TensorRecord } from '@gpdjs/core'

/** Whether an image's positive is the image itself, or any of its class. */
export type CrdMode = 'exact' | 'relax'

/** Positions of images drawn for each image of the batch: int32 `[batch, negatives]`. */
export function drawNegatives(stream: RandomStream, batch: number, negatives: number, samples: number): tf.Tensor2D {
  const positions = Int32Array.from({ length: batch * negatives }, () => stream.integer(samples))
  return tf.tensor2d(positions, [batch, negatives], 'int32')
}

/** A batch, and the remembered classes of all images. */
export interface BatchClasses {
  readonly index: tf.Tensor1D
  readonly labels: tf.Tensor1D
  readonly memory: TensorRecord
}

/** 1 where a drawn image is of another class, as far as its class is known, and not the image itself. */
export function isNegative({ index, labels, memory }: BatchClasses, drawn: tf.Tensor2D): tf.Tensor2D {
  const classes = tf.gather(memory['classes']!, drawn)
  const own = tf.expandDims(tf.cast(labels, 'float32'), 1)
  const differs = tf.logicalAnd(tf.notEqual(classes, own), tf.notEqual(drawn, tf.expandDims(index, 1)))
  return tf.cast(differs, 'float32') as tf.Tensor2D
}

interface Candidates {
  readonly index: tf.Tensor1D
  readonly labels: tf.Tensor1D
  /** Class of every image of the set, as far as it is known: that of the batch's own is. */
  readonly classes: tf.Tensor
  readonly stream: RandomStream
}

/**
 * For each image one of its class, all that are known with the same probability: the k-th, where k is drawn.
 *
 * The number of members before which fewer than k are counted is the position of the k-th.
 */
function anyOfClass({ labels, classes, stream }: Candidates): tf.Tensor2D {
  const isMember = tf.equal(tf.expandDims(classes, 0), tf.expandDims(tf.cast(labels, 'float32'), 1))
  const counted = tf.cumsum(tf.cast(isMember, 'float32'), 1)
  const members = tf.max(counted, 1, true)
  const shares = Float32Array.from({ length: labels.size }, () => stream.uniform())
  const earlier = tf.floor(tf.mul(members, tf.tensor2d(shares, [labels.size, 1])))
  const rank = tf.minimum(tf.add(earlier, 1), members)
  return tf.sum(tf.cast(tf.less(counted, rank), 'int32'), 1, true)
}

/** Position of each image's positive: int32 `[batch, 1]`. */
export const POSITIVES: Readonly<Record<CrdMode, (candidates: Candidates) => tf.Tensor2D>> = {
  exact: ({ index }) => tf.expandDims(index, 1),
  relax: anyOfClass,
}
