import type { BatchSource } from '@gpdjs/core'
import { extractActor } from '../extract.ts'
import { disposeBest, judgeEpoch, type Judged } from './best-epoch.ts'
import type { PlannedLoop } from './plan-loop.ts'
import type { EpochRecord, RunProgress } from './progress.ts'
import { runningMean } from './running-mean.ts'
import { trainEpoch, type Outcome } from './train-epoch.ts'
import { validate } from './validate.ts'

/** Where the loop over epochs ends. */
export interface Ending {
  /** Of all epochs, the last one perhaps in part. */
  readonly history: readonly EpochRecord[]
  /**
   * With an evaluation in the middle of an epoch, where training stops. Not part of the progress: a run that goes on from
   * there is the same as one that never stopped.
   */
  readonly judged: Judged
  readonly outcome: Outcome
  readonly problem?: string
}

const isPlanned = (epoch: number, { epochs, evaluateEvery }: PlannedLoop): boolean =>
  epoch === epochs - 1 || (epoch + 1) % evaluateEvery === 0

/** Numbers of the validation set, and the best student with this one. */
async function judge(loop: PlannedLoop, { state, epoch, judged }: RunProgress, validation: BatchSource) {
  const { pipeline, signal } = loop
  const logs = await validate(pipeline, state, validation, signal)
  const { judge: criterion } = pipeline.task
  return { logs, judged: judgeEpoch(judged, criterion, epoch, logs, () => extractActor(pipeline, state)) }
}

/** The same, or undefined if a signal came in the middle. */
async function judgeUnlessAborted(loop: PlannedLoop, progress: RunProgress, validation: BatchSource) {
  try {
    return await judge(loop, progress, validation)
  } catch (error) {
    if (loop.signal?.aborted && error === loop.signal.reason) return undefined
    throw error
  }
}

/** An epoch is over: its numbers become history. */
function nextEpoch(progress: RunProgress, record: EpochRecord, judged: Judged): void {
  disposeBest(progress.judged, judged)
  progress.judged = judged
  progress.history = [...progress.history, record]
  progress.epoch++
  progress.stepsInEpoch = 0
  progress.mean = runningMean()
}

/** One epoch, or what is left of it, and its evaluation. Returns how the run ends, if it does. */
async function takeEpoch(
  loop: PlannedLoop,
  progress: RunProgress,
  validation: BatchSource | undefined,
): Promise<Ending | undefined> {
  const { epoch, history: earlier } = progress
  const { outcome, problem } = await trainEpoch(loop, progress)
  const means = progress.mean.values()
  const planned = isPlanned(epoch, loop)
  const asked = outcome === 'stopped' || (outcome === 'completed' && planned) ? validation : undefined
  const judgment = asked && (await judgeUnlessAborted(loop, progress, asked))
  const { logs, judged } = judgment ?? { logs: {}, judged: progress.judged }
  const record = { epoch, logs: { ...means, ...logs } }
  const interrupted = asked !== undefined && judgment === undefined
  const goesOn = !interrupted && (outcome === 'completed' || outcome === 'stopped')
  if (goesOn && progress.stepsInEpoch === loop.stepsPerEpoch)
    nextEpoch(progress, planned ? record : { epoch, logs: means }, planned ? judged : progress.judged)
  try {
    await loop.callbacks.onEpochEnd(epoch, record.logs)
  } catch (error) {
    disposeBest(judged, progress.judged)
    throw error
  }
  if (goesOn && outcome === 'completed') return undefined
  return {
    history: [...earlier, record],
    judged,
    outcome: interrupted ? 'aborted' : outcome,
    ...(problem !== undefined && { problem }),
  }
}

/** How a run ends between two epochs, if it does. */
function endBefore({ state, epoch, stepsInEpoch, judged }: RunProgress, loop: PlannedLoop): Outcome | undefined {
  if (epoch >= loop.epochs) return 'completed'
  if (stepsInEpoch > 0) return undefined
  if (state.step >= loop.lastStep || judged.since >= loop.patience) return 'stopped'
  return loop.signal?.aborted ? 'aborted' : undefined
}

/** Epoch after epoch, each judged by the validation set where there is one. */
export async function trainEpochs(
  loop: PlannedLoop,
  progress: RunProgress,
  validation: BatchSource | undefined,
): Promise<Ending> {
  for (;;) {
    const outcome = endBefore(progress, loop)
    if (outcome !== undefined) return { history: progress.history, judged: progress.judged, outcome }
    await loop.callbacks.onEpochBegin(progress.epoch)
    const ending = await takeEpoch(loop, progress, validation)
    if (ending !== undefined) return ending
  }
}
