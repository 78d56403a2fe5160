import { readFile } from 'node:fs/promises'
import { fillOptions, GpdError, kinds, option, type Given } from '@gpdjs/core'
import { decodeIdx } from '../idx/decode.ts'
import type { IdxArray } from '../idx/header.ts'
import { gunzipIdx, isGzip } from './gunzip.ts'

export const READ_IDX_OPTIONS = {
  /** Refuse gzip files that would be longer than this when unpacked, in bytes (default: 2 GiB). */
  maxBytes: option(kinds.count, 2 ** 31),
}

export type ReadIdxOptions = Given<typeof READ_IDX_OPTIONS>

/** The file's bytes; for a missing file an error with the fix. */
async function load(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const problem = `${path}: expected a readable IDX file, found none (${reason}).`
    throw new GpdError('data.missing', problem, 'Check the path.', { cause: error })
  }
}

/**
 * Reads an IDX file of bytes, plain or gzip; its first two bytes decide which one, not its name.
 *
 * @throws GpdError `data.missing` if the file cannot be read; `data.corrupt` if it is anything but one whole IDX file,
 *   with the path, what was expected and what was found
 * @example const { dims, data } = await readIdx('mnist/train-images-idx3-ubyte.gz') // dims: [60000, 28, 28]
 */
export async function readIdx(path: string, options: ReadIdxOptions = {}): Promise<IdxArray> {
  const { maxBytes } = fillOptions('readIdx', READ_IDX_OPTIONS, options)
  const bytes = await load(path)
  return decodeIdx(isGzip(bytes) ? await gunzipIdx(bytes, path, maxBytes) : bytes, { source: path })
}
