import { GpdError } from '@gpdjs/core'
import { adviceOn } from './missing-file.ts'
import { nodeFiles } from './node-modules.ts'

/** Writes a file so that it is on the disk, not only in a cache, when this returns. */
async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const { open } = await nodeFiles('output.unwritable')
  const file = await open(path, 'w')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const { open } = await nodeFiles('output.unwritable')
  const folder = await open(path, 'r')
  await folder.sync().catch(() => undefined) // not every file system can
  await folder.close()
}

/**
 * Writes a folder of files all or nothing: into a temporary sibling first, which takes the final name once everything
 * is on the disk. A folder of that name is replaced; until the last moment it stays as it was.
 *
 * @throws GpdError `output.unwritable`
 */
export async function writeFolder(path: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  const { mkdir, rename, rm, dirname, join } = await nodeFiles('output.unwritable')
  const temporary = `${path}.tmp-${process.pid}`
  const replaced = `${path}.old-${process.pid}`
  try {
    await mkdir(temporary, { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeDurably(join(temporary, name), content)
    await syncFolder(temporary)
    await rename(path, replaced).catch(() => undefined)
    await rename(temporary, path)
    await syncFolder(dirname(path))
    await rm(replaced, { recursive: true, force: true })
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
    await rename(replaced, path).catch(() => undefined)
    throw new GpdError(
      'output.unwritable',
      `Cannot write '${path}': ${(error as Error).message}.`,
      'Choose a folder that can be written to.',
      { cause: error },
    )
  }
}

/** @throws GpdError `checkpoint.missing` */
export async function readFileOf(folder: string, name: string): Promise<Uint8Array> {
  const { readFile, join } = await nodeFiles('checkpoint.missing')
  const path = join(folder, name)
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    throw new GpdError('checkpoint.missing', `Cannot read '${path}': ${(error as Error).message}.`, adviceOn(name), {
      cause: error,
    })
  }
}
