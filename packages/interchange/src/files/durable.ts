import { nodeFiles } from './node-modules.ts'

type Failure = NodeJS.ErrnoException

/** Writes a new file so that it is on the disk, not only in a cache, when this returns. */
export async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const { open } = await nodeFiles('output.unwritable')
  const file = await open(path, 'wx')
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Not every system can open a folder, not every file system can put one on the disk. */
const CANNOT = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']

function unlessItCannot(error: unknown): undefined {
  if (!CANNOT.includes((error as Failure).code ?? '')) throw error
}

/** Puts the names in a folder on the disk: files made, renamed and removed. */
export async function syncFolder(path: string): Promise<void> {
  const { open } = await nodeFiles('output.unwritable')
  const folder = await open(path, 'r').catch(unlessItCannot)
  if (folder === undefined) return
  try {
    await folder.sync().catch(unlessItCannot)
  } finally {
    await folder.close()
  }
}

/**
 * Makes a folder and those it lies in, and returns those that were missing, the outermost first. Node's own `recursive`
 * never returns where the parent exists but answers that there is no such file when something is made in it, as `/proc`
 * does.
 */
export async function makeFolder(path: string): Promise<string[]> {
  const { mkdir, stat, dirname } = await nodeFiles('output.unwritable')
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as Failure
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) return []
    const parent = dirname(path)
    const parentIsMissing = code === 'ENOENT' && (await stat(parent).catch(() => undefined)) === undefined
    if (!parentIsMissing) throw error
    return [...(await makeFolder(parent)), ...(await makeFolder(path))]
  }
  await syncFolder(dirname(path))
  return [path]
}

/**
 * The path without links, `.` and `..`, whether or not there is something: what is written there goes through a link,
 * and the link stays one.
 */
export async function canonicalPath(path: string): Promise<string> {
  const { basename, dirname, join, lstat, readlink, realpath, resolve } = await nodeFiles('output.unwritable')
  const absolute = resolve(path)
  const missing = (error: unknown) => {
    if ((error as Failure).code !== 'ENOENT') throw error
    return undefined
  }
  const found = await realpath(absolute).catch(missing)
  if (found !== undefined) return found
  const parent = await canonicalPath(dirname(absolute))
  const inParent = join(parent, basename(absolute))
  const link = (await lstat(inParent).catch(missing))?.isSymbolicLink()
  return link ? canonicalPath(resolve(parent, await readlink(inParent))) : inParent
}

/**
 * Refuses to begin what cannot be finished. Counts the space that is kept for the system's user too, so that nothing is
 * refused that would have fitted; a disk that fills up later is noticed by the write itself.
 */
export async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { statfs } = await nodeFiles('output.unwritable')
  const disk = await statfs(folder).catch(() => undefined)
  if (disk === undefined || disk.blocks === 0) return
  const free = disk.bfree * disk.bsize
  if (free < bytes) throw new Error(`ENOSPC: ${bytes} bytes are needed, ${free} are free`)
}
