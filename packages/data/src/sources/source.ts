import {
  fillOptions,
  GpdError,
  kinds,
  mapRecord,
  needed,
  option,
  permutation,
  randomStream,
  type Batch,
  type BatchSource,
  type EpochOptions,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { checkRange } from '../check-range.ts'
import { checkParts, checkRead } from './check-parts.ts'
import { type Draw, type Parts, type SourceParts, PARTS } from './source-parts.ts'

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

const orderOf = (size: number, { seed, epoch, training }: Draw): Uint32Array =>
  training ? permutation(size, randomStream(seed, 'shuffle', epoch)) : Uint32Array.from({ length: size }, (_, i) => i)

function readBatch({ fields: specs, keys, read }: Parts, index: Uint32Array, draw: Draw): Batch {
  const fields = read(index, draw)
  try {
    checkRead(fields, specs, { samples: index.length, training: draw.training })
  } catch (error) {
    tf.dispose({ ...fields })
    throw error
  }
  return { fields, index, ...(keys && { keys: mapRecord(keys, (items) => index.map((at) => items[at]!)) }) }
}

async function checkEntries({ fields, entries = {} }: Parts): Promise<void> {
  for (const [name, all] of Object.entries(entries)) checkRange('source', name, fields[name]!, await all())
}

/**
 * Batches from a function that reads samples. Order, batches and dropped remainders are decided here; a kind of data is
 * only its `read`.
 *
 * The batches of an epoch are a pure function of the source, seed and epoch. In training every sample comes once, but for
 * those of a last batch that is not full.
 *
 * @throws GpdError `data.mismatch` if the parts do not fit together. From `batches`: `config.invalid` for an option out of
 *   range or a training batch that is never full, `data.missing` or `data.mismatch` if `read` returns other fields than
 *   declared. From `check`: `data.label-range` for an entry of an int32 field that is not below its `size`
 * @example
 * const halves = source({
 *   size: 8,
 *   fields: { half: { shape: [], dtype: 'float32' } },
 *   read: (at) => ({ half: tf.div(tf.tensor1d([...at]), 2) }),
 * })
 * for (const { fields } of halves.batches({ batchSize: 4, seed: 0, epoch: 0, training: true })) fields.half.print()
 */
export function source(given: SourceParts): BatchSource {
  const parts = fillOptions('source', PARTS, given)
  checkParts(parts)
  const { size, fields, varying } = parts
  // Entries do not change: once is enough.
  let checked: Promise<void> | undefined
  return {
    size,
    fields,
    varying,
    check: () => (checked ??= checkEntries(parts)),
    batches(options) {
      const filled = fillOptions('batches', OPTIONS, options)
      checkSize(filled, size)
      const { batchSize, training, start } = filled
      const count = training ? Math.floor(size / batchSize) : Math.ceil(size / batchSize)
      return {
        *[Symbol.iterator]() {
          const order = orderOf(size, options)
          for (let at = start; at < count; at++) {
            yield readBatch(parts, order.slice(at * batchSize, (at + 1) * batchSize), options)
          }
        },
      }
    },
  }
}
