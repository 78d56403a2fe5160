import {
  kinds,
  needed,
  option,
  optional,
  type EpochOptions,
  type Fields,
  type FieldSpec,
  type Filled,
  type Given,
} from '@gpdjs/core'
import type { Entries } from '../check-range.ts'

export const itemKeys = kinds.recordOf(
  kinds.kind<Uint32Array>('a Uint32Array', (value) => value instanceof Uint32Array),
)

/**
 * What random numbers may depend on beside the sample: `randomStream(seed, 'augment', epoch, position)`. A draw that does
 * not depend on the batch is the same in batches of any size.
 */
export type Draw = Pick<EpochOptions, 'seed' | 'epoch' | 'training'>

/** Bytes and texts, in an order of their own. */
export type Contents = readonly (string | ArrayBufferView)[]

export const PARTS = {
  /** Number of samples, ≥ 1 */
  size: needed(kinds.number('a number', () => true)),
  /** What `read` returns. A further view `<field>/<view>` is in training batches only. */
  fields: needed(kinds.recordOf(kinds.objectWith<FieldSpec>('{ shape, dtype }', 'shape', 'dtype'))),
  /** Whether a sample may look different from one epoch to the next (default false). */
  varying: option(kinds.flag, false),
  /** For fields whose items are not the samples: the number of each sample's item, `[size]`. */
  keys: optional(itemKeys),
  /** The samples at these positions, as new tensors. Depends on its arguments only. */
  read: needed(kinds.functionOf<(positions: Uint32Array, draw: Draw) => Fields>()),
  /**
   * All entries of fields that are checked before training or evaluation, sample after sample: of int32 fields that declare a
   * `size`, and of labels. Those of a field that is not given are read from the batches, which takes longer.
   */
  entries: optional(kinds.recordOf(kinds.functionOf<() => Entries | Promise<Entries>>())),
  /**
   * All that samples are made of, as bytes and texts, for a digest by which a run that is resumed knows its data (default: the
   * samples themselves, each read once).
   */
  contents: optional(kinds.functionOf<() => Contents | Promise<Contents>>()),
}

export type SourceParts = Given<typeof PARTS>

/** With defaults filled in. */
export type Parts = Filled<typeof PARTS>
