import { mkdir, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { GpdError } from '@gpdjs/core'

/** Files of a finished run, by what they hold. */
export const RUN = {
  config: 'config.resolved.json',
  environment: 'env.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  student: 'student',
  best: 'best',
  ema: 'ema',
  heads: 'heads',
  arms: 'arms',
} as const

/** The folder of a run without `--output`: `runs/2026-01-31T12-00-00` */
export const defaultRunFolder = (): string => join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'))

const unusable = (path: string, why: string) =>
  new GpdError('config.invalid', `--output '${path}': ${why}.`, 'Choose a new or empty folder that can be written to.')

/**
 * Looks whether a run may be written to a folder, and writes nothing.
 *
 * @returns its absolute path
 * @throws GpdError `config.invalid` if it is no folder, or holds something already
 */
export async function checkRunFolder(path: string): Promise<string> {
  const folder = resolve(path)
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(path, error.message)
  })
  if (found && !found.isDirectory()) throw unusable(path, 'expected a folder, found a file')
  if (found && (await readdir(folder)).length > 0) throw unusable(path, 'expected an empty folder, found files in it')
  return folder
}

/**
 * Makes a folder and those it lies in. Node's own `recursive` never returns where the parent exists but nothing can be
 * made in it with the answer that there is no such file, as in `/proc`.
 *
 * @param made collects the folders that were not there before, the outermost first
 */
async function makeFolder(path: string, made: string[]): Promise<void> {
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

/** The folder of a run that has begun. */
export interface RunFolder {
  /** Its absolute path. */
  readonly path: string
  /**
   * Removes what the run has written, and the folders that were made for it: as if there had been no run. Anything else that
   * has come into them in the meantime stays.
   */
  discard(): Promise<void>
}

/** Removes `entries` of a folder, then the folders that were made, unless something else is in them. */
async function removeMade(folder: string, entries: readonly string[], made: readonly string[]): Promise<void> {
  // What cannot be removed must not keep the rest.
  const remove = (entry: string) => rm(join(folder, entry), { recursive: true, force: true }).catch(() => undefined)
  for (const entry of entries) await remove(entry)
  for (const path of made.toReversed()) await rmdir(path).catch(() => undefined)
}

interface RunFiles {
  /** Written at once, as JSON. */
  readonly files?: Readonly<Record<string, object>>
  /** Names of everything that the run may write later; those of a training if left out. */
  readonly entries?: readonly string[]
}

/**
 * Makes the folder of a run and writes its first files. To be called before anything is trained, so that a folder that
 * cannot be written to is noticed before the training, not after it. If that fails, nothing of it is left.
 *
 * @throws GpdError `config.invalid`
 */
export async function claimRunFolder(
  path: string,
  { files = {}, entries = Object.values(RUN) }: RunFiles = {},
): Promise<RunFolder> {
  const folder = await checkRunFolder(path)
  const made: string[] = []
  // The folder was empty: entries of these names are the run's own.
  const discard = () => removeMade(folder, [...Object.keys(files), ...entries], made)
  try {
    await makeFolder(folder, made)
    for (const [name, value] of Object.entries(files)) await writeFile(join(folder, name), pretty(value))
  } catch (error) {
    await discard().catch(() => undefined)
    throw unusable(path, (error as Error).message)
  }
  return { path: folder, discard }
}

const pretty = (value: object) => `${JSON.stringify(value, null, 2)}\n`

/** @throws GpdError `output.unwritable` */
export async function writeJson(folder: string, name: string, value: object): Promise<void> {
  const path = join(folder, name)
  try {
    await writeFile(path, pretty(value))
  } catch (error) {
    const problem = `Cannot write '${path}': ${(error as Error).message}.`
    throw new GpdError('output.unwritable', problem, 'Check the folder and the free space.', { cause: error })
  }
}
