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

/** A field of which a shape may be expected, with names for sizes that may be any. */
export const expectedFieldKind = kinds.record({
  shape: optional(kinds.listOf(kinds.either(kinds.count, kinds.text), { least: 0 })),
  dtype,
})

/**
 * What the entries of a field must be, for every sample:
 *
 * - `index`: whole numbers 0 … size − 1
 * - `distribution`: at least 0, and of sum 1 (a one-hot label, a mixture of labels)
 * - `shares`: each from 0 to 1, whatever the others are (several labels that hold or not)
 */
export type EntryRule =
  { readonly kind: 'index'; readonly size: number } | { readonly kind: 'distribution' } | { readonly kind: 'shares' }

/** Rules by field. */
export type EntryRules = Readonly<Record<string, EntryRule>>

/** Named tensors; the first axis of each is the batch. */
export type Fields = Readonly<Record<string, tf.Tensor>>

/** `float32 [batch, 28, 28, 1]`, as error messages write it. */
export const describeField = ({ shape, dtype }: FieldSpec): string => `${dtype} [${['batch', ...shape].join(', ')}]`
