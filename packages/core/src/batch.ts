import { fieldKind, type EntryRules, type Fields, type FieldSpec } from './fields.ts'
import * as kinds from './options/kinds.ts'
import { needed, optional } from './options/option.ts'

/** Samples on the device. The receiver disposes of the fields. */
export interface Batch {
  /**
   * By name; the first axis of each is the batch. A further view of a field, such as another augmentation, is the field
   * `<field>/<view>`: `image` and `image/strong`.
   */
  readonly fields: Fields
  /** The position of each sample in the set. */
  readonly index: Uint32Array
  /**
   * By field, where its items are not the samples themselves: `{ document: [4, 4, 7] }` if two queries share a document. What
   * a frozen network makes of an item is remembered under this number.
   */
  readonly keys?: Readonly<Record<string, Uint32Array>>
}

export interface EpochOptions {
  /** Samples per batch, ≥ 1 */
  readonly batchSize: number
  /** Any safe integer, 0 included */
  readonly seed: number
  /** 0, 1, 2 …: order and augmentation of an epoch depend on the seed and this number only. */
  readonly epoch: number
  /**
   * True: in random order, augmented, with further views, and full batches only. False: every sample as it is, in the
   * order of the set, the last batch possibly smaller.
   */
  readonly training: boolean
  /** The first batch to give, for going on in the middle of an epoch. Default 0. */
  readonly start?: number
}

/** Where batches come from: image sets, tensors, or a `source` of one's own. */
export interface BatchSource {
  /** Number of samples. */
  readonly size: number
  /** What a batch holds; `<field>/<view>` in training only. */
  readonly fields: Readonly<Record<string, FieldSpec>>
  /** Whether a sample may look different from one epoch to the next. */
  readonly varying: boolean
  batches(options: EpochOptions): Iterable<Batch>
  /**
   * Checks the values of fields, which takes time; called before training or evaluation. Without it the trainer looks through
   * the batches.
   *
   * @param rules what the entries of fields must be, beside the `size` of those that declare one
   * @throws GpdError `data.label-range`
   */
  check?(rules?: EntryRules): Promise<void>
  /** A digest of the samples: equal if and only if the batches are. Undefined where it cannot be computed. */
  fingerprint?(): Promise<string | undefined>
}

/** `BatchSource` as objects of users are checked. */
export const sourceKind = kinds.members<BatchSource>('a source such as imageSource(set)', {
  size: needed(kinds.count),
  fields: needed(kinds.recordOf(fieldKind)),
  varying: needed(kinds.flag),
  batches: needed(kinds.functionOf()),
  check: optional(kinds.functionOf()),
  fingerprint: optional(kinds.functionOf()),
})
