import * as tf from '@tensorflow/tfjs'
import { digestOf, type BatchSource } from '@gpdjs/core'
import type { Parts } from './source-parts.ts'

/** Samples that are read at once where a source does not say what it is made of. */
const BATCH = 250

/** What every sample is, as batches have it. */
async function readAll({ batches }: Pick<BatchSource, 'batches'>): Promise<(string | ArrayBufferView)[]> {
  const pieces: (string | ArrayBufferView)[] = []
  for (const { fields } of batches({ batchSize: BATCH, seed: 0, epoch: 0, training: false })) {
    try {
      for (const name of Object.keys(fields).sort()) pieces.push((await digestOf([await fields[name]!.data()])) ?? '')
    } finally {
      tf.dispose({ ...fields })
    }
  }
  return pieces
}

/**
 * A digest of the samples of a source: of its `contents`, or of what all batches hold.
 *
 * @returns undefined where there is no Web Crypto
 */
export async function fingerprintOf(
  { size, fields, contents }: Parts,
  source: Pick<BatchSource, 'batches'>,
): Promise<string | undefined> {
  const pieces = contents ? await contents() : await readAll(source)
  return digestOf([JSON.stringify({ size, fields }), ...pieces])
}
