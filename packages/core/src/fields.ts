import type * as tf from '@tensorflow/tfjs'
import * as kinds from './options/kinds.ts'
import { needed, optional } from './options/option.ts'
import type { Shape } from './shape.ts'

/** What is known of a named tensor before there is one: an input of a network, a field of a batch. */
export interface FieldSpec {
  /** Without the batch axis: `[height, width, channels]`, `[tokens]`, `[]`. */
  readonly shape: Shape
  readonly dtype: 'float32' | 'int32'
  /** int32 only: entries are 0 … size − 1 (a vocabulary, the number of classes). */
  readonly size?: number
}

/** Sizes of axes; `[]` for a number by itself. */
export const shapeKind = kinds.listOf(kinds.count, { least: 0, expected: 'a list of whole numbers' })

const dtype = needed(kinds.oneOf('float32', 'int32'))

/** `FieldSpec` as objects of users are checked. */
export const fieldKind = kinds.record({ shape: needed(shapeKind), dtype, size: optional(kinds.count) })

/** A field of which a shape may be expected. */
export const expectedFieldKind = kinds.record({ shape: optional(shapeKind), dtype })

/** Named tensors; the first axis of each is the batch. */
export type Fields = Readonly<Record<string, tf.Tensor>>

/** `float32 [batch, 28, 28, 1]`, as error messages write it. */
export const describeField = ({ shape, dtype }: FieldSpec): string => `${dtype} [${['batch', ...shape].join(', ')}]`
