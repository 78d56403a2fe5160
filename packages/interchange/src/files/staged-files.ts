import { canonicalPath, syncFolder, writeDurably } from './durable.ts'
import { nodeFiles } from './node-modules.ts'
import { discard, namesOf, ownName } from './owned-names.ts'

/** Files by name; written in this order. */
export type Files = Readonly<Record<string, Uint8Array | string>>

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** A folder of that name with these files in it, all on the disk. What it could not finish it removes. */
export async function stageFiles(parent: string, files: Files): Promise<string> {
  const { join, mkdir } = await nodeFiles('output.unwritable')
  const staged = join(parent, await ownName('new'))
  try {
    await mkdir(staged)
    for (const [name, content] of Object.entries(files)) await writeDurably(join(staged, name), content)
    await syncFolder(staged)
    return staged
  } catch (error) {
    await discard(staged)
    throw error
  }
}

/** Moves a file over another, through a link to a file too, in one step for whoever reads it. */
async function moveOver(from: string, to: string): Promise<void> {
  const { copyFile, dirname, join, open, rename, rm } = await nodeFiles('output.unwritable')
  const target = await canonicalPath(to)
  try {
    await rename(from, target)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    const beside = join(dirname(target), await ownName('new')) // the link leads to another disk
    try {
      await copyFile(from, beside)
      const copy = await open(beside, 'r+')
      await copy.sync().finally(() => copy.close())
      await rename(beside, target)
    } catch (failure) {
      await discard(beside)
      throw failure
    }
    await rm(from)
  }
  if (dirname(target) !== dirname(to)) await syncFolder(dirname(target))
}

/** Committed folders in a folder: what is in them counts, and not yet what is under the final names. */
async function committedIn(folder: string): Promise<string[]> {
  const { join, readdir } = await nodeFiles('output.unwritable')
  return namesOf('done', await readdir(folder)).map((name) => join(folder, name))
}

async function moveCommitted(folder: string, committed: string, order: readonly string[] = []): Promise<void> {
  const { join, readdir, rmdir } = await nodeFiles('output.unwritable')
  const names = await readdir(committed)
  for (const name of names.sort((a, b) => order.indexOf(a) - order.indexOf(b)))
    await moveOver(join(committed, name), join(folder, name))
  await syncFolder(folder)
  await rmdir(committed)
}

/** Finishes what a process had committed before it died. Only under the folder's lock. */
export async function finishCommitted(folder: string): Promise<void> {
  for (const committed of await committedIn(folder)) await moveCommitted(folder, committed)
}

/** Refuses what cannot be replaced by a file. Only under the folder's lock. */
export async function checkTargets(folder: string, names: readonly string[]): Promise<void> {
  const { join, stat } = await nodeFiles('output.unwritable')
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found && !found.isFile()) throw new Error(`'${name}' is there already, and is no file`)
  }
}

/** One rename again, so that no half of it ever counts. */
async function takeBack(committed: string): Promise<void> {
  const { dirname, join, rename } = await nodeFiles('output.unwritable')
  const uncommitted = join(dirname(committed), await ownName('new'))
  const isBack = await rename(committed, uncommitted).then(() => true, () => false) // prettier-ignore
  if (isBack) await discard(uncommitted)
}

/**
 * Puts staged files in their places: one rename of their folder commits them all, then each is moved. Whoever reads in
 * between looks into the committed folder first (`readCurrent`), so that there are only a before and an after, and a
 * process that dies in between has either saved or not begun. Only under the folder's lock.
 */
export async function commitFiles(folder: string, staged: string, names: readonly string[]): Promise<void> {
  const { join, readdir, rename } = await nodeFiles('output.unwritable')
  const committed = join(folder, await ownName('done'))
  await rename(staged, committed)
  try {
    await syncFolder(folder)
    await moveCommitted(folder, committed, names)
  } catch (error) {
    const left = await readdir(committed).catch(() => [])
    // Nothing was moved: taken back, as if it had not begun. Else readers and the next save find the rest where it is.
    if (left.length === names.length) await takeBack(committed)
    throw error
  }
}

/** The bytes of a file of a folder, a committed one before the one under the name. */
export async function readCurrent(folder: string, name: string): Promise<Uint8Array> {
  const { join, readFile } = await nodeFiles('checkpoint.missing')
  const places = [...(await committedIn(folder).catch(() => [])), folder]
  for (const place of places) {
    try {
      return new Uint8Array(await readFile(join(place, name)))
    } catch (error) {
      if (place === folder || codeOf(error) !== 'ENOENT') throw error
    }
  }
  throw new Error('unreachable')
}
