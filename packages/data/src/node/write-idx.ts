import { randomUUID } from 'node:crypto'
import { realpath, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { GpdError } from '@gpdjs/core'
import { encodeIdx } from '../idx/encode.ts'
import type { IdxArray } from '../idx/header.ts'

const compress = promisify(gzip)

/**
 * Writes an IDX file, as gzip if the name ends in `.gz`. It is written under another name and renamed at the end, so that no
 * half of it can be read. A link is followed and stays one.
 *
 * @throws GpdError `data.mismatch` if sizes and data do not match; `output.unwritable` if the file cannot be written
 * @example await writeIdx('labels-idx1-ubyte.gz', { dims: [2], data: Uint8Array.of(7, 9) })
 */
export async function writeIdx(path: string, array: IdxArray): Promise<void> {
  const bytes = encodeIdx(array)
  const target = await realpath(path).catch(() => path)
  const temporary = join(dirname(target), `.gpd-new-${randomUUID()}`)
  try {
    await writeFile(temporary, path.endsWith('.gz') ? await compress(bytes) : bytes)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    const reason = error instanceof Error ? error.message : String(error)
    const problem = `${path}: expected to write an IDX file, found that it cannot be written (${reason}).`
    throw new GpdError('output.unwritable', problem, 'Check the folder and the free space.', { cause: error })
  }
}
