import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Makes a folder and those it lies in. Node's own `recursive` never returns where the parent exists but nothing can be
 * made in it with the answer that there is no such file, as in `/proc`.
 *
 * @param made collects the folders that were not there before, the outermost first
 */
export async function makeFolder(path: string, made: string[]): Promise<void> {
  try {
    await mkdir(path)
    made.push(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const parent = dirname(path)
    const parentIsMissing = code === 'ENOENT' && (await stat(parent).catch(() => undefined)) === undefined
    if (!parentIsMissing) throw error
    await makeFolder(parent, made)
    await makeFolder(path, made)
  }
}

/** Removes `entries` of a folder, then the folders that were made, unless something else is in them. */
export async function removeMade(folder: string, entries: readonly string[], made: readonly string[]): Promise<void> {
  // What cannot be removed must not keep the rest.
  const remove = (entry: string) => rm(join(folder, entry), { recursive: true, force: true }).catch(() => undefined)
  for (const entry of entries) await remove(entry)
  for (const path of made.toReversed()) await rmdir(path).catch(() => undefined)
}
