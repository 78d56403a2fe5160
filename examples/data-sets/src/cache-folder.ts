import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GpdError } from '@gpdjs/core'

/** Written last, into the temporary folder: where it is, all files were whole. */
const CHECKSUMS = 'checksums.json'

/** The entry of `checksums.json` for one file. */
export interface FileChecksum {
  readonly bytes: number
  /** Lower-case hexadecimal */
  readonly sha256: string
}

type Checksums = Readonly<Record<string, FileChecksum>>

/** The folder of a data set below the workspace's `.cache`. */
export const defaultFolder = (name: string): string =>
  fileURLToPath(new URL(`../../../.cache/gpd/${name}`, import.meta.url))

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function readChecksums(folder: string): Promise<Checksums | undefined> {
  const text = await readFile(join(folder, CHECKSUMS), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Checksums)
}

/** The checksum of every file of a folder. */
async function checksumsOf(folder: string): Promise<Checksums> {
  const checksums: Record<string, FileChecksum> = {}
  for (const file of (await readdir(folder)).sort()) {
    const bytes = await readFile(join(folder, file))
    checksums[file] = { bytes: bytes.length, sha256: sha256(bytes) }
  }
  return checksums
}

/** Refuses files that differ from the published ones. */
function checkPublished(checksums: Checksums, published: CacheFolder['published'], fix: string): void {
  for (const [file, expected] of Object.entries(published)) {
    const found = checksums[file]?.sha256 ?? 'no such file'
    if (found === expected) continue
    throw new GpdError('data.corrupt', `${file}: expected SHA-256 ${expected}, found ${found}.`, fix)
  }
}

const makeAgain = (folder: string): string => `Delete ${folder}; it will be made again.`

async function checkSizes(folder: string, checksums: Checksums): Promise<void> {
  for (const [file, { bytes }] of Object.entries(checksums)) {
    const path = join(folder, file)
    const found = await stat(path).then(
      ({ size }) => `${size}`,
      () => 'no file',
    )
    if (found === `${bytes}`) continue
    const problem = `${path}: expected ${bytes} bytes, found ${found}.`
    throw new GpdError('data.corrupt', problem, makeAgain(folder))
  }
}

/** Renames the finished folder. If another process did so first, its folder has the same content and stays. */
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
    checkPublished(checksums, published, 'Install the packages of this example again, in the pinned versions.')
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
 * no half data set, and two at the same time do no harm. Later calls compare what `checksums.json` notes with the published
 * checksums and the sizes of the files; they do not read the files.
 *
 * @throws GpdError `data.corrupt` if a file has another checksum or size; `output.unwritable` if the folder holds other things
 */
export async function cacheFolder({ folder, write, published }: CacheFolder): Promise<void> {
  if ((await readChecksums(folder)) === undefined) await fill(folder, write, published)
  const checksums = (await readChecksums(folder)) ?? {}
  checkPublished(checksums, published, makeAgain(folder))
  await checkSizes(folder, checksums)
}
