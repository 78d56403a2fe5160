import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GpdError } from '@gpdjs/core/errors'

const PREFIX = '.unfinished-'

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Removes what killed processes left. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : undefined
    if (pid !== undefined && !isRunning(pid)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

/** Takes from everybody else the right to write to what an installer made. */
async function forbidOthers(path: string): Promise<void> {
  const { mode } = await lstat(path)
  if ((mode & 0o022) !== 0) await chmod(path, mode & 0o7755)
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) await forbidOthers(inner)
    else if (entry.isFile()) await chmod(inner, (await lstat(inner)).mode & 0o7755)
  }
}

/**
 * Fills a folder under a temporary name beside its final one, then renames it: it is there whole or not at all. If
 * `fill` fails, or the process was killed (seen the next time), nothing stays.
 *
 * @param fill writes into the folder it is given and returns the final name and a result; the name of a folder that
 *   exists already keeps that folder
 * @returns the final folder and what `fill` returned
 * @throws GpdError `output.unwritable` if the parent cannot be written, and whatever `fill` throws
 */
export async function fillFolder<T>(
  parent: string,
  fill: (folder: string) => Promise<{ name: string; result: T }>,
): Promise<{ folder: string; result: T }> {
  const staging = join(parent, `${PREFIX}${process.pid}`)
  try {
    // Others must not be able to change what will be run from here.
    await mkdir(parent, { recursive: true, mode: 0o700 })
    await sweep(parent)
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { mode: 0o700 })
  } catch (cause) {
    throw new GpdError(
      'output.unwritable',
      `${parent}: expected a folder that can be written, got: ${(cause as Error).message}.`,
      'Set GPD_CACHE to a folder of yours.',
      { cause },
    )
  }
  try {
    const { name, result } = await fill(staging)
    const folder = join(parent, name)
    await forbidOthers(staging)
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return { folder, result }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
