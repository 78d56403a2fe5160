import {
  GpdError,
  mapRecord,
  permutation,
  randomStream,
  type Batch,
  type BatchSource,
  type EpochOptions,
} from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { checkRange } from '../check-range.ts'
import { checkParts, checkRead } from './check-parts.ts'
import type { Draw, SourceParts } from './source-parts.ts'

const isCount = (least: number) => (n: number) => Number.isSafeInteger(n) && n >= least

/** What each number has to be. */
const RANGES = [
  { option: 'batchSize', expected: 'an integer ≥ 1', holds: isCount(1) },
  { option: 'seed', expected: 'a safe integer', holds: Number.isSafeInteger },
  { option: 'epoch', expected: 'an integer ≥ 0', holds: isCount(0) },
  { option: 'start', expected: 'an integer ≥ 0', holds: isCount(0) },
] as const

function checkOptions(options: EpochOptions, size: number): void {
  for (const { option, expected, holds } of RANGES) {
    const value = options[option] ?? 0
    if (holds(value)) continue
    throw new GpdError('config.invalid', `batches: expected ${option} to be ${expected}, got ${value}.`, 'Correct it.')
  }
  if (options.training && options.batchSize > size) {
    const problem = `batches: expected a batch size of at most ${size} samples, got ${options.batchSize}.`
    throw new GpdError('config.invalid', problem, 'Use smaller batches, or training: false, which gives them all.')
  }
}

const orderOf = (size: number, { seed, epoch, training }: Draw): Uint32Array =>
  training ? permutation(size, randomStream(seed, 'shuffle', epoch)) : Uint32Array.from({ length: size }, (_, i) => i)

function readBatch({ fields: specs, keys, read }: SourceParts, index: Uint32Array, draw: Draw): Batch {
  const fields = read(index, draw)
  try {
    checkRead(fields, specs, { samples: index.length, training: draw.training })
  } catch (error) {
    tf.dispose({ ...fields })
    throw error
  }
  return { fields, index, ...(keys && { keys: mapRecord(keys, (items) => index.map((at) => items[at]!)) }) }
}

async function checkEntries({ fields, entries = {} }: SourceParts): Promise<void> {
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
 * const half = { shape: [], dtype: 'float32' }
 * const halves = source({ size: 8, fields: { half }, read: (at) => ({ half: tf.div(tf.tensor1d([...at]), 2) }) })
 * for (const { fields } of halves.batches({ batchSize: 4, seed: 0, epoch: 0, training: true })) fields.half.print()
 */
export function source(parts: SourceParts): BatchSource {
  checkParts(parts)
  const { size, fields, varying = false } = parts
  // Entries do not change: once is enough.
  let checked: Promise<void> | undefined
  return {
    size,
    fields,
    varying,
    check: () => (checked ??= checkEntries(parts)),
    batches(options) {
      checkOptions(options, size)
      const { batchSize, training, start = 0 } = options
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
