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
  type EntryRules,
  type EpochOptions,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { checkRange } from '../check-range.ts'
import { checkEntries, rulesOf } from './check-entries.ts'
import { checkParts, checkRead } from './check-parts.ts'
import { fingerprintOf } from './fingerprint.ts'
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

/** Entries that are given at once; those of other fields are looked for in the batches. */
async function checkValues({ fields, entries = {} }: Parts, own: BatchSource, rules: EntryRules): Promise<void> {
  for (const [name, rule] of Object.entries(rules)) {
    const all = entries[name]
    if (all) checkRange('source', name, fields[name]!, rule, await all())
  }
  const others = Object.entries(rules).filter(([name]) => entries[name] === undefined)
  if (others.length > 0) await checkEntries({ ...own, fields: withoutSizes(fields) }, Object.fromEntries(others))
}

/** Fields of which nothing is demanded. */
const withoutSizes = (fields: Parts['fields']): Parts['fields'] =>
  mapRecord(fields, ({ shape, dtype }) => ({ shape, dtype }))

/**
 * Batches from a function that reads samples. Order, batches and dropped remainders are decided here; a kind of data is
 * only its `read`.
 *
 * The batches of an epoch are a pure function of the source, seed and epoch. In training every sample comes once, but for
 * those of a last batch that is not full.
 *
 * @throws GpdError `data.mismatch` if the parts do not fit together. From `batches`: `config.invalid` for an option out of
 *   range or a training batch that is never full, `data.missing` or `data.mismatch` if `read` returns other fields than
 *   declared. From `check`: `data.label-range` for an entry of an int32 field that is not below its `size`, or against a
 *   rule
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
  const checked = new Map<string, Promise<void>>()
  let fingerprint: Promise<string | undefined> | undefined
  const own: BatchSource = {
    size,
    fields,
    varying,
    check(rules) {
      const demanded = rulesOf(fields, rules)
      const key = JSON.stringify(demanded)
      if (!checked.has(key)) checked.set(key, checkValues(parts, own, demanded))
      return checked.get(key)!
    },
    fingerprint: () => (fingerprint ??= fingerprintOf(parts, own)),
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
  return own
}
