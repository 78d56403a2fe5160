import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GpdError } from '@gpdjs/core'

/** Written last, into the temporary folder: where it is, all files were whole. */
const CHECKSUMS = 'checksums.json'

/** What `checksums.json` says of each file. */
export interface FileChecksum {
  readonly bytes: number
  /** Lower-case hexadecimal */
  readonly sha256: string
}

/** The folder of a data set below the workspace's `.cache`. */
export const defaultFolder = (name: string): string =>
  fileURLToPath(new URL(`../../../.cache/gpd/${name}`, import.meta.url))

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function readChecksums(folder: string): Promise<Record<string, FileChecksum> | undefined> {
  const text = await readFile(join(folder, CHECKSUMS), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, FileChecksum>)
}

/** The checksum of every file of a folder. */
async function checksumsOf(folder: string): Promise<Record<string, FileChecksum>> {
  const checksums: Record<string, FileChecksum> = {}
  for (const file of (await readdir(folder)).sort()) {
    const bytes = await readFile(join(folder, file))
    checksums[file] = { bytes: bytes.length, sha256: sha256(bytes) }
  }
  return checksums
}

/** Refuses files that differ from the published ones: the package changed, or its files are damaged. */
function checkPublished(found: Record<string, FileChecksum>, published: Readonly<Record<string, string>>): void {
  for (const [file, expected] of Object.entries(published)) {
    const actual = found[file]?.sha256 ?? 'no such file'
    if (actual === expected) continue
    const problem = `${file}: expected SHA-256 ${expected}, found ${actual}.`
    throw new GpdError('data.corrupt', problem, 'Install the packages of this example again, in the pinned versions.')
  }
}

async function checkSizes(folder: string, checksums: Record<string, FileChecksum>): Promise<void> {
  for (const [file, { bytes }] of Object.entries(checksums)) {
    const path = join(folder, file)
    const found = await stat(path).then(
      ({ size }) => `${size}`,
      () => 'no file',
    )
    if (found === `${bytes}`) continue
    const problem = `${path}: expected ${bytes} bytes, found ${found}.`
    throw new GpdError('data.corrupt', problem, `Delete ${folder}; it will be made again.`)
  }
}

/** Renames the finished folder; if someone else was quicker, theirs is as good. */
async function publish(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder)
  } catch (error) {
    if ((await readChecksums(folder)) !== undefined) return
    const reason = error instanceof Error ? error.message : String(error)
    const problem = `${folder}: expected a folder of our own or none, found another (${reason}).`
    throw new GpdError('output.unwritable', problem, 'Choose a directory that does not exist yet.', { cause: error })
  }
}

async function fill(folder: string, write: CacheFolder['write'], published: CacheFolder['published']): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const temporary = `${folder}.tmp-${randomUUID()}`
  try {
    await mkdir(temporary)
    await write(temporary)
    const checksums = await checksumsOf(temporary)
    checkPublished(checksums, published)
    await writeFile(join(temporary, CHECKSUMS), `${JSON.stringify(checksums, null, 2)}\n`)
    await publish(temporary, folder)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

export interface CacheFolder {
  readonly folder: string
  /** Writes the files into an empty folder. Called once; later calls find them. */
  readonly write: (folder: string) => Promise<void>
  /** SHA-256 that the files must have, by file name */
  readonly published: Readonly<Record<string, string>>
}

/**
 * Makes sure that a folder of converted files is there and whole.
 *
 * It appears at once, under a temporary name until every file has its published checksum, so a killed conversion leaves
 * no half data set, and two at the same time do no harm. Later calls only compare sizes with `checksums.json`.
 *
 * @throws GpdError `data.corrupt` if a file has another checksum or size; `output.unwritable` if the folder holds other things
 */
export async function cacheFolder({ folder, write, published }: CacheFolder): Promise<void> {
  if ((await readChecksums(folder)) === undefined) await fill(folder, write, published)
  await checkSizes(folder, (await readChecksums(folder)) ?? {})
}
