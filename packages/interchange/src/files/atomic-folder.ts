import { GpdError, isGpdError } from '@gpdjs/core'
import { canonicalPath, checkSpace, makeFolder, syncFolder } from './durable.ts'
import { withFolderLock } from './folder-lock.ts'
import { adviceOn } from './missing-file.ts'
import { nodeFiles } from './node-modules.ts'
import { discard, removeAbandoned } from './owned-names.ts'
import { checkTargets, commitFiles, finishCommitted, readCurrent, stageFiles, type Files } from './staged-files.ts'

/** The last write of each folder: the next begins when it has ended. */
const writes = new Map<string, Promise<unknown>>()

/** Runs a write after those of the same folder that have begun in this process. */
export async function inTurn<T>(folder: string, write: () => Promise<T>): Promise<T> {
  const turn = (writes.get(folder) ?? Promise.resolve()).then(write, write)
  writes.set(folder, turn)
  try {
    return await turn
  } finally {
    if (writes.get(folder) === turn) writes.delete(folder)
  }
}

const isFolder = async (path: string): Promise<boolean> => {
  const { stat } = await nodeFiles('output.unwritable')
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isDirectory()) throw new Error('there is a file of that name')
  return found !== undefined
}

/** Looks at what is in a folder before files of it are replaced, and throws if they should not be. */
type Check = (folder: string) => Promise<void>

async function writeInto(folder: string, files: Files, check: Check): Promise<void> {
  const staged = await stageFiles(folder, files)
  try {
    await withFolderLock(folder, async () => {
      await finishCommitted(folder)
      await checkTargets(folder, Object.keys(files))
      await check(folder)
      await commitFiles(folder, staged, Object.keys(files))
    })
  } finally {
    await discard(staged)
  }
  await removeAbandoned(folder)
}

/** Writes a folder that is not there beside its place, and gives it its name when it is whole. */
async function writeNew(folder: string, files: Files, check: Check): Promise<void> {
  const { dirname, rename } = await nodeFiles('output.unwritable')
  const parent = dirname(folder)
  const staged = await stageFiles(parent, files)
  try {
    await rename(staged, folder)
  } catch (error) {
    await discard(staged)
    // Another process was faster.
    if (await isFolder(folder)) return writeInto(folder, files, check)
    throw error
  }
  await syncFolder(parent)
  await removeAbandoned(parent)
}

async function write(folder: string, files: Files, check: Check): Promise<void> {
  const { dirname, rmdir } = await nodeFiles('output.unwritable')
  const bytes = Object.values(files).reduce((sum, { length }) => sum + length, 0)
  if (await isFolder(folder)) {
    await checkSpace(folder, bytes)
    return writeInto(folder, files, check)
  }
  const parent = dirname(folder)
  const made = await makeFolder(parent)
  try {
    await checkSpace(parent, bytes)
    await writeNew(folder, files, check)
  } catch (error) {
    for (const path of made.reverse()) await rmdir(path).catch(() => undefined) // stays if something is in it
    throw error
  }
}

/** A name in the folder itself, that is not one of those that exist only during a write. */
const isPlain = (name: string) => /^[^/\\\0]+$/.test(name) && !['.', '..'].includes(name) && !name.startsWith('.gpd-')

function checkPath(path: string): void {
  if (typeof path === 'string' && path !== '') return
  const problem = `Expected the path of a folder, got ${JSON.stringify(path)}.`
  throw new GpdError('config.invalid', problem, "Use '.' for the working directory.")
}

/** `writeFolder` with a look at what would be replaced, while nobody else writes there. */
export async function writeFiles(path: string, files: Files, check: Check): Promise<void> {
  checkPath(path)
  try {
    const folder = await canonicalPath(path)
    await inTurn(folder, () => write(folder, files, check))
  } catch (error) {
    if (isGpdError(error) && error.code === 'output.unwritable') throw error
    throw new GpdError(
      'output.unwritable',
      `Cannot write '${path}': ${(error as Error).message}.`,
      'Choose a folder that can be written to.',
      { cause: error },
    )
  }
}

/**
 * Writes files into a folder, all or nothing: at every moment, and whatever ends the process, `loadNetwork` and the others
 * of this package find all the files of before or all the new ones. Single files are always whole for everybody.
 *
 * Files of these names are replaced, other files stay. Links to folders and to files are followed and stay links. Writes
 * of one folder that overlap come one after the other; if another process writes the same folder, the files of one of the
 * two are there in the end.
 *
 * @param files contents by name; readers without this package see them replaced in this order
 * @throws GpdError `output.unwritable`, and what was there before is still whole; `config.invalid` for a name that is a path
 * @example await writeFolder('export', { 'labels.txt': 'cat\ndog\n', 'model.onnx': await toOnnx(student) })
 */
export async function writeFolder(path: string, files: Files): Promise<void> {
  const wrong = Object.keys(files).find((name) => !isPlain(name))
  if (wrong !== undefined)
    throw new GpdError('config.invalid', `writeFolder: expected names of files, got '${wrong}'.`, 'Write one folder.')
  await writeFiles(path, files, () => Promise.resolve())
}

/** @throws GpdError `checkpoint.missing` */
export async function readFileOf(folder: string, name: string): Promise<Uint8Array> {
  const { join } = await nodeFiles('checkpoint.missing')
  try {
    return await readCurrent(folder, name)
  } catch (error) {
    const problem = `Cannot read '${join(folder, name)}': ${(error as Error).message}.`
    throw new GpdError('checkpoint.missing', problem, adviceOn(name), { cause: error })
  }
}
