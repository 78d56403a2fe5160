import type { EpochOptions, Fields, FieldSpec } from '@gpdjs/core'
import type { Entries } from '../check-range.ts'

/**
 * What random numbers may depend on beside the sample: `randomStream(seed, 'augment', epoch, position)`. A draw that does
 * not depend on the batch is the same in batches of any size.
 */
export type Draw = Pick<EpochOptions, 'seed' | 'epoch' | 'training'>

export interface SourceParts {
  /** Number of samples, ≥ 1 */
  readonly size: number
  /** What `read` returns. A further view `<field>/<view>` is in training batches only. */
  readonly fields: Readonly<Record<string, FieldSpec>>
  /** Whether a sample may look different from one epoch to the next. Default false. */
  readonly varying?: boolean
  /** For fields whose items are not the samples: the number of each sample's item, `[size]`. */
  readonly keys?: Readonly<Record<string, Uint32Array>>
  /** The samples at these positions, as new tensors. Depends on its arguments only. */
  read(positions: Uint32Array, draw: Draw): Fields
  /**
   * All entries of int32 fields that declare a `size`, sample after sample. They are looked at once, before training or
   * evaluation; a field that is not given is not looked at.
   */
  readonly entries?: Readonly<Record<string, () => Entries | Promise<Entries>>>
}
