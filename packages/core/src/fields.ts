import type * as tf from '@tensorflow/tfjs'
import type { Shape } from './shape.ts'

/** What is known of a named tensor before there is one: an input of a network, a field of a batch. */
export interface FieldSpec {
  /** Without the batch axis: `[height, width, channels]`, `[tokens]`, `[]`. */
  readonly shape: Shape
  readonly dtype: 'float32' | 'int32'
  /** int32 only: entries are 0 … size − 1 (a vocabulary, the number of classes). */
  readonly size?: number
}

/** Named tensors; the first axis of each is the batch. */
export type Fields = Readonly<Record<string, tf.Tensor>>

/** `float32 [batch, 28, 28, 1]`, as error messages write it. */
export const describeField = ({ shape, dtype }: FieldSpec): string => `${dtype} [${['batch', ...shape].join(', ')}]`
