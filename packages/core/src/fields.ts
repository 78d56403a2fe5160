import type * as tf from '@tensorflow/tfjs'

/** Tensors by name, the rows of a batch along the first axis: what a batch holds, what a network takes and puts out. */
export type Fields = Readonly<Record<string, tf.Tensor>>
