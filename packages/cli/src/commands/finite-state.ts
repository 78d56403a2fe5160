import { rename } from 'node:fs/promises'
import { listCheckpoints } from '@gpdjs/interchange'
import { distill, evaluate, type DistillOptions, type DistillResult } from '@gpdjs/trainer'
import type { Model } from '@gpdjs/core'
import type { Prepared } from '../config/prepare.ts'

/** What is left of a training that diverged: finite weights may still give outputs that are not. */
export interface FiniteState {
  readonly result: DistillResult
  /** `last`: from before the step that was refused. `earlier`: of a checkpoint. `none`: there is none. */
  readonly kept: 'last' | 'earlier' | 'none'
}

/** Whether a network gives finite outputs for every image of the test set: one that is not makes the loss so. */
export const givesFinite = async (model: Model, { data }: Pick<Prepared, 'data'>): Promise<boolean> =>
  Number.isFinite((await evaluate(model, data.test)).loss)

async function isFinite({ learners, alternatives }: DistillResult, prepared: Prepared): Promise<boolean> {
  for (const model of [...Object.values(learners), ...Object.values(alternatives)])
    if (!(await givesFinite(model, prepared))) return false
  return true
}

/** Nobody takes up a run by it any more, and it counts as none of the good ones. */
const setAside = (folder: string) => rename(folder, `${folder}.diverged`).catch(() => undefined)

/**
 * The last state of a run whose outputs are finite. Checkpoints of later ones are renamed to `….diverged`.
 *
 * @param options of the training
 * @param checkpoints folder of its checkpoints; undefined if there are none
 */
export async function lastFinite(
  diverged: DistillResult,
  prepared: Prepared,
  options: DistillOptions,
  checkpoints: string | undefined,
): Promise<FiniteState> {
  if (await isFinite(diverged, prepared)) return { result: diverged, kept: 'last' }
  const found = checkpoints === undefined ? [] : await listCheckpoints(checkpoints)
  for (const { step, folder } of found) {
    if (step >= diverged.steps || step === 0) {
      await setAside(folder)
      continue
    }
    const { signal: _, ...rest } = options
    const again = await distill({ ...rest, resume: checkpoints!, maxSteps: step, callbacks: [] })
    if (await isFinite(again, prepared)) {
      diverged.dispose()
      const { outcome, problem, refused, seconds } = diverged
      return { result: { ...again, outcome, problem: problem!, refused, seconds }, kept: 'earlier' }
    }
    again.dispose()
    await setAside(folder)
  }
  return { result: diverged, kept: 'none' }
}
