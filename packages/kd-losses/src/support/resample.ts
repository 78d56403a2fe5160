import { tensorOps } from '@gpdjs/core'
import type * as tf from '@tensorflow/tfjs'

/** Both maps at the smaller height and the smaller width of the two. */
export function poolToSmaller(a: tf.Tensor4D, b: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const size = [1, 2].map((axis) => Math.min(a.shape[axis]!, b.shape[axis]!)) as [number, number]
  return [tensorOps.adaptiveAveragePool(a, size), tensorOps.adaptiveAveragePool(b, size)]
}
