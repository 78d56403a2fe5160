import {
  fillOptions,
  GpdError,
  kinds,
  needed,
  option,
  permutation,
  randomStream,
  type Batch,
  type BatchSource,
  type EpochOptions,
  type Fields,
  type FieldSpec,
} from '@gpdjs/core'

/** What a batch is drawn for. Random numbers belong to (seed, epoch, sample): they do not depend on the batch or its size. */
export type Draw = Pick<EpochOptions, 'seed' | 'epoch' | 'training'>

export interface SourceParts {
  /** Number of samples, ≥ 1 */
  readonly size: number
  /** What `read` returns; `<field>/<view>` for further views, in training only. */
  readonly fields: Readonly<Record<string, FieldSpec>>
  /** Whether a sample may look different from one epoch to the next. Default false. */
  readonly varying?: boolean
  /** The samples at these positions, as new tensors. A pure function. */
  read(positions: Uint32Array, draw: Draw): Fields
  /** For fields whose items are not the samples: the item of each sample, `[size]`. */
  readonly keys?: Readonly<Record<string, Uint32Array>>
  check?(): Promise<void>
}

/** `EpochOptions` */
const OPTIONS = {
  batchSize: needed(kinds.count),
  seed: needed(kinds.integer),
  epoch: needed(kinds.countOrNone),
  training: needed(kinds.flag),
  start: option(kinds.countOrNone, 0),
}

function checkSize({ training, batchSize }: EpochOptions, size: number): void {
  if (!training || batchSize <= size) return
  const problem = `batches: expected a batch size of at most ${size} samples, got ${batchSize}.`
  throw new GpdError('config.invalid', problem, 'Use smaller batches, or training: false, which gives them all.')
}

function itemsOf({ keys }: SourceParts, index: Uint32Array): Pick<Batch, 'keys'> {
  if (keys === undefined) return {}
  const entries = Object.entries(keys).map(([field, items]) => [field, index.map((at) => items[at]!)] as const)
  return { keys: Object.fromEntries(entries) }
}

/**
 * A source of batches from a function that reads samples. Order, batches and dropped remainders are decided here; a kind
 * of data is only its `read`.
 *
 * The batches of an epoch are a pure function of the source and (seed, epoch). In training every sample comes once, but
 * for those of a last batch that is not full.
 *
 * @throws GpdError `config.invalid` when batches are asked for with an option out of range, or if not even one batch
 *   would be full
 * @example
 * const spec = { shape: [], dtype: 'float32' }
 * const halves = source({ size: 8, fields: { x: spec }, read: (at) => ({ x: tf.div(tf.tensor1d([...at]), 2) }) })
 * for (const { fields } of halves.batches({ batchSize: 4, seed: 0, epoch: 0, training: true })) fields['x']!.print()
 */
export function source(parts: SourceParts): BatchSource {
  const { size, fields, varying = false, read, check } = parts
  return {
    size,
    fields,
    varying,
    ...(check && { check }),
    batches(options) {
      const filled = fillOptions('batches', OPTIONS, options)
      checkSize(filled, size)
      const { batchSize, seed, epoch, training, start } = filled
      const count = training ? Math.floor(size / batchSize) : Math.ceil(size / batchSize)
      return {
        *[Symbol.iterator]() {
          const order = training
            ? permutation(size, randomStream(seed, 'shuffle', epoch))
            : Uint32Array.from({ length: size }, (_, i) => i)
          for (let at = start; at < count; at++) {
            const index = order.slice(at * batchSize, (at + 1) * batchSize)
            yield { fields: read(index, { seed, epoch, training }), index, ...itemsOf(parts, index) }
          }
        },
      }
    },
  }
}
