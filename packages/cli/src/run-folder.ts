import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GpdError, isGpdError } from '@gpdjs/core'
import { checkHeld, holdFolder, writeFolder } from '@gpdjs/interchange'
import { isDiskFull } from './exit-code.ts'
import { makeFolder, removeMade } from './made-folders.ts'
import { resumeCommand } from './resume-command.ts'

/** What a run leaves in its folder, by what it holds. */
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
  checkpoints: 'checkpoints',
} as const

/** The folder of a run without `--output`: `runs/2026-01-31T12-00-00` */
export const defaultRunFolder = (): string => join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'))

const unusable = (path: string, why: string, fix = 'Choose a new or empty folder that can be written to.') =>
  new GpdError('config.invalid', `--output '${path}': ${why}.`, fix)

/** The lock, and what exists only while something is written: no file of a user's. */
const isPassing = (name: string) => name === 'run.lock' || name.startsWith('.gpd-')

/**
 * Looks whether a run may be written to a folder, and writes nothing.
 *
 * @param force does not look whether another run writes there
 * @returns its absolute path
 * @throws GpdError `config.invalid` if it is no folder, or holds something already; `output.locked` if another run writes there
 */
export async function checkRunFolder(path: string, force = false): Promise<string> {
  const folder = resolve(path)
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(path, error.message)
  })
  if (found && !found.isDirectory()) throw unusable(path, 'expected a folder, found a file')
  if (!found) return folder
  if (!force) await checkHeld(folder)
  await checkEmpty(path)
  return folder
}

async function checkEmpty(path: string): Promise<void> {
  const names = (await readdir(resolve(path))).filter((name) => !isPassing(name))
  if (names.length === 0) return
  const isRun = names.includes(RUN.config)
  const fix = isRun ? `Choose a new or empty folder, or go on with the run in it: ${resumeCommand(path)}` : undefined
  throw unusable(path, 'expected an empty folder, found files in it', fix)
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
  /** Lets others write to it. */
  release(): Promise<void>
}

interface RunFiles {
  /** Written at once, as JSON. */
  readonly files?: Readonly<Record<string, object>>
  /** Names of everything that the run may write later; those of a training if left out. */
  readonly entries?: readonly string[]
  /** Takes the lock of a process that cannot be seen from here. */
  readonly force?: boolean
}

const written = (files: Readonly<Record<string, object>>) =>
  Object.fromEntries(Object.entries(files).map(([name, value]) => [name, `${JSON.stringify(value, null, 2)}\n`]))

function refusal(path: string, error: unknown): unknown {
  if (isGpdError(error) && error.code !== 'output.unwritable') return error
  const { message } = error as Error
  if (!isDiskFull(error)) return unusable(path, message.replace(/\. .*$/, ''))
  return new GpdError('output.unwritable', `--output '${path}': the disk is full.`, 'Free some space.', {
    cause: error,
  })
}

/**
 * Makes the folder of a run, takes its lock and writes its first files. To be called before anything is trained, so that a
 * folder that cannot be written to is noticed before the training, not after it. If that fails, nothing of it is left.
 *
 * @throws GpdError `config.invalid`; `output.locked`; `output.unwritable` if the disk is full
 */
export async function claimRunFolder(
  path: string,
  { files = {}, entries = Object.values(RUN), force = false }: RunFiles = {},
): Promise<RunFolder> {
  const folder = await checkRunFolder(path, force)
  const made: string[] = []
  let release = () => Promise.resolve()
  try {
    await makeFolder(folder, made)
    release = (await holdFolder(folder, { force })).release
    // Another run may have come and gone since.
    await checkEmpty(path)
    if (Object.keys(files).length > 0) await writeFolder(folder, written(files))
  } catch (error) {
    await release()
    await removeMade(folder, [], made)
    throw refusal(path, error)
  }
  const discard = async () => {
    await release()
    // The folder was empty: entries of these names are the run's own.
    await removeMade(folder, [...Object.keys(files), ...entries], made)
  }
  return { path: folder, discard, release }
}

/** Different names for runs that begin in one second. */
const MOST_NAMESAKES = 1000

/**
 * The same for a folder that is named by the time, and by a number more if there is one of that name.
 *
 * @throws GpdError as `claimRunFolder`
 */
export async function claimDefaultFolder(files: RunFiles = {}): Promise<RunFolder> {
  const name = defaultRunFolder()
  for (let i = 1; ; i++) {
    const path = i === 1 ? name : `${name}-${i}`
    const isFree = await checkRunFolder(path).then(
      () => stat(path).then(() => false, () => true), // prettier-ignore
      () => false,
    )
    try {
      if (isFree) return await claimRunFolder(path, files)
    } catch (error) {
      // Another one was faster, unless the place itself cannot be written to.
      const isTaken = await stat(path).then(() => true, () => false) // prettier-ignore
      if (!isTaken || i === MOST_NAMESAKES) throw error
    }
  }
}

/** Takes the lock of the folder of a run that goes on. What the run has written stays, whatever happens. */
export async function openRunFolder(path: string, force: boolean): Promise<RunFolder> {
  const folder = resolve(path)
  try {
    const { release } = await holdFolder(folder, { force })
    return { path: folder, discard: () => Promise.resolve(), release }
  } catch (error) {
    throw refusal(path, error)
  }
}

/** Removes what a run has written, so that it begins anew; what else is in the folder stays. */
export async function clearRunFolder(folder: string): Promise<void> {
  for (const entry of Object.values(RUN)) await rm(join(folder, entry), { recursive: true, force: true })
}

/**
 * Writes a file of JSON, all or nothing.
 *
 * @throws GpdError `output.unwritable`
 */
export async function writeJson(folder: string, name: string, value: object): Promise<void> {
  try {
    await stat(folder)
    await writeFolder(folder, written({ [name]: value }))
  } catch (error) {
    const problem = `Cannot write '${join(folder, name)}': ${(error as Error).message}.`
    throw new GpdError('output.unwritable', problem, 'Check the folder and the free space.', { cause: error })
  }
}
