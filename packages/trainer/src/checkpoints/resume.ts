import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { listCheckpoints, loadCheckpoint } from '@gpdjs/interchange'
import type { ResumeOptions } from '../distill-options.ts'
import type { PlannedLoop } from '../loop/plan-loop.ts'
import type { RunProgress } from '../loop/progress.ts'
import type { TrainingState } from '../training-state.ts'
import { differences, identityOf, type Digests } from './identity.ts'
import { parsePosition, restored, type LoadedSnapshot, type Position } from './restore.ts'

/** A run that goes on, and what has changed since that may matter. */
export interface Resumed {
  readonly progress: RunProgress
  readonly notes: readonly string[]
}

/** May always differ: how long to train, and what computes. */
const FREE = ['epochs', 'environment']

const isUnder = (path: string, entry: string) => path === entry || path.startsWith(`${entry}.`)

/**
 * The differences that are allowed.
 *
 * @throws GpdError `checkpoint.incompatible`, with those that are not, one in a line
 */
function checkIdentity(source: string, { run, step }: Position, now: object, allow: readonly string[]): string[] {
  const all = differences(run, now)
  const refused = all.filter((line) => ![...FREE, ...allow].some((entry) => isUnder(line.split(':')[0]!, entry)))
  if (refused.length === 0) return all
  throw new GpdError(
    'checkpoint.incompatible',
    `${source}: the run that stopped after step ${step} was another one:\n${refused.map((line) => `  ${line}`).join('\n')}.`,
    'Resume with the options of that run, name what may differ (`allow`), or begin a new run.',
  )
}

/** @throws GpdError `checkpoint.incompatible` if the position is in the middle of an epoch of another length */
function checkLength(source: string, { step, stepsInEpoch }: Position, { stepsPerEpoch }: PlannedLoop): void {
  if (stepsInEpoch <= stepsPerEpoch) return
  throw new GpdError(
    'checkpoint.incompatible',
    `${source}: step ${step} is the ${stepsInEpoch}th of an epoch, which now has ${stepsPerEpoch}.`,
    'Resume with the batch size and the data of that run.',
  )
}

/**
 * Goes on where the newest good checkpoint of a folder ends.
 *
 * @param start where the run would begin; disposed of if there is a checkpoint
 * @returns undefined if there is none and there need not be
 * @throws GpdError `checkpoint.missing`, `checkpoint.corrupt`, `checkpoint.incompatible`
 */
export async function resume(
  { folder, optional: mayBegin = false, allow = [] }: ResumeOptions,
  loop: PlannedLoop,
  digests: () => Promise<Digests>,
  start: TrainingState,
): Promise<Resumed | undefined> {
  if (mayBegin && (await listCheckpoints(folder)).length === 0) return undefined
  const damaged: string[] = []
  const found = await loadCheckpoint(folder, { onWarning: (text) => void damaged.push(text) })
  const loaded: LoadedSnapshot = { source: found.folder, records: found.records, position: found.state }
  try {
    const position = parsePosition(loaded)
    const now = identityOf(loop, await digests(), position.step)
    const changed = checkIdentity(found.folder, position, now, allow)
    checkLength(found.folder, position, loop)
    return { progress: restored(loaded, position, loop, start), notes: [...damaged, ...changed] }
  } catch (error) {
    tf.dispose(Object.values(found.records).map((record) => ({ ...record })))
    throw error
  }
}
