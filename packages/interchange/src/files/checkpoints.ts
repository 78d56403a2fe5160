import type * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  isGpdError,
  kinds,
  option,
  optional,
  type ErrorCode,
  type Given,
  type TensorRecord,
} from '@gpdjs/core'
import { inTurn } from './atomic-folder.ts'
import { pointedTo } from './checkpoint-pointers.ts'
import { folderName, holdsNothingElse, listCheckpoints, looksWhole, type Checkpoint } from './checkpoint-folders.ts'
import { canonicalPath, syncFolder } from './durable.ts'
import type { Plain } from './exact-json.ts'
import { nodeFiles } from './node-modules.ts'
import { discard, ownName, removeAbandoned } from './owned-names.ts'
import { loadState, saveState, type State } from './saved-state.ts'

const SAVE = {
  /** How many of the newest checkpoints stay, at least two; those that a pointer names stay too (default 2). */
  keep: option(kinds.countFrom(2), 2),
}

export type SaveCheckpointOptions = Given<typeof SAVE>

/** Takes the name away first, so that no half of a checkpoint is ever found under it. */
async function removeCheckpoint({ folder }: Checkpoint): Promise<void> {
  const { dirname, join, rename } = await nodeFiles('output.unwritable')
  const unnamed = join(dirname(folder), await ownName('new'))
  await rename(folder, unnamed)
  await discard(unnamed)
}

/** Removes the oldest. Those that are damaged do not count as kept, and stay for `loadCheckpoint` to set aside. */
async function prune(directory: string, keep: number): Promise<void> {
  const named = new Set(await pointedTo(directory))
  let kept = 0
  for (const checkpoint of await listCheckpoints(directory)) {
    if (!(await looksWhole(checkpoint))) continue
    if (kept < keep) kept++
    else if (!named.has(checkpoint.step) && (await holdsNothingElse(checkpoint))) await removeCheckpoint(checkpoint)
  }
}

function checkStep(where: string, step: number): void {
  if (Number.isSafeInteger(step) && step >= 0) return
  throw new GpdError('config.invalid', `${where}: step: expected a whole number of at least 0, got ${step}.`)
}

/**
 * Saves a state as `step-00012345` in a directory of checkpoints: beside its place, on the disk, then named, and only then
 * older ones are removed. A save that fails, because the disk is full or the process dies, leaves the others as they are.
 *
 * @param step steps that were made, at least 0; a checkpoint of the same step is replaced
 * @param records, state as `saveState` takes them
 * @returns the folder
 * @throws GpdError `output.unwritable`, and nothing is left of it; what `saveState` throws; `config.*` for options
 * @example await saveCheckpoint('runs/1/checkpoints', 120, { student: parameters, slots }, { step: 120, best: 0.93 }, { keep: 3 })
 */
export async function saveCheckpoint(
  directory: string,
  step: number,
  records: Readonly<Record<string, TensorRecord>>,
  state: Plain = {},
  options: SaveCheckpointOptions = {},
): Promise<string> {
  const { keep } = fillOptions('saveCheckpoint', SAVE, options)
  checkStep('saveCheckpoint', step)
  const { join } = await nodeFiles('output.unwritable')
  const folder = join(directory, folderName(step))
  await saveState(folder, records, state)
  // What is too old and cannot be removed costs space, not the run.
  await inTurn(await canonicalPath(directory), () => prune(directory, keep)).catch(() => undefined)
  return folder
}

const LOAD = {
  /** The checkpoint of this step and no other. Default: the newest that is whole. */
  step: optional(kinds.countOrNone),
  /** Told of each checkpoint that is damaged. Default: `console.warn`. */
  onWarning: option(kinds.functionOf<(message: string) => void>(), (message: string) => console.warn(message)),
}

export type LoadCheckpointOptions = Given<typeof LOAD>

/** A state with its place. */
export type LoadedCheckpoint = Checkpoint & State<Record<string, tf.Tensor>>

const missing = (directory: string, what: string) =>
  new GpdError('checkpoint.missing', `${directory}: expected ${what}, found none.`, 'Check the path of the directory.')

/** Gives a damaged checkpoint a name by which none is looked for: it may still be of use to its owner. */
async function setAside({ folder }: Checkpoint): Promise<string> {
  const { dirname, rename, stat } = await nodeFiles('checkpoint.missing')
  for (let i = 1; ; i++) {
    const aside = i === 1 ? `${folder}.corrupt` : `${folder}.corrupt-${i}`
    if ((await stat(aside).catch(() => undefined)) !== undefined) continue
    await rename(folder, aside)
    await syncFolder(dirname(folder))
    return aside
  }
}

/** A file that is not as it was written, or gone; not one that may not be read. */
const isDamage = (error: unknown): error is GpdError => {
  if (!isGpdError(error)) return false
  const { code, cause } = error
  const damaged: readonly ErrorCode[] = ['checkpoint.corrupt']
  return damaged.includes(code) || (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

/**
 * Loads the newest checkpoint of a directory that is whole. A damaged one is renamed to `….corrupt`, with a warning that
 * names the file, and the one before it is taken; what dead processes left half written is removed.
 *
 * @returns its step and folder, and what `saveState` was given; the caller owns the tensors
 * @throws GpdError `checkpoint.missing` if there is none; `checkpoint.corrupt` if all are damaged, or that of `step` is;
 *   `checkpoint.incompatible` for one of a later version; `config.*` for options
 * @example const { step, records, state } = await loadCheckpoint('runs/1/checkpoints')
 */
export async function loadCheckpoint(
  directory: string,
  options: LoadCheckpointOptions = {},
): Promise<LoadedCheckpoint> {
  const { step, onWarning } = fillOptions('loadCheckpoint', LOAD, options)
  await removeAbandoned(directory)
  const found = await listCheckpoints(directory)
  const wanted = step === undefined ? found : found.filter((checkpoint) => checkpoint.step === step)
  if (wanted.length === 0)
    throw missing(directory, step === undefined ? 'checkpoints' : `the checkpoint of step ${step}`)
  for (const checkpoint of wanted) {
    try {
      return { ...checkpoint, ...(await loadState(checkpoint.folder)) }
    } catch (error) {
      if (step !== undefined || !isDamage(error)) throw error
      const aside = await setAside(checkpoint).catch(() => checkpoint.folder)
      onWarning(`${error.message} It is '${aside}' now; the checkpoint before it is used.`)
    }
  }
  const problem = `${directory}: expected a checkpoint that is whole, all ${wanted.length} are damaged.`
  throw new GpdError('checkpoint.corrupt', problem, 'Begin the run anew, or bring the files back from a copy.')
}
