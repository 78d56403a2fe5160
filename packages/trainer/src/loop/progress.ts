import { disposeReplaced, type TrainingState } from '../training-state.ts'
import type { Logs } from '../callbacks.ts'
import { disposeBest, NOT_JUDGED, type Judged } from './best-epoch.ts'
import { runningMean, type RunningMean } from './running-mean.ts'

/** What an epoch brought. */
export interface EpochRecord {
  readonly epoch: number
  readonly logs: Logs
}

/** A step whose numbers were not finite, and that was not accepted. */
export interface RefusedStep {
  /** Steps taken before it. */
  readonly step: number
  /** Which numbers were not finite. */
  readonly problem: string
}

/** How far a run has come: all that changes in it. A snapshot of it is a checkpoint. */
export interface RunProgress {
  state: TrainingState
  /** The epoch that is being trained. */
  epoch: number
  /** Steps of it that have been taken. */
  stepsInEpoch: number
  /** Of the numbers of these steps. */
  mean: RunningMean
  /** Of complete epochs. */
  history: readonly EpochRecord[]
  judged: Judged
  refused: readonly RefusedStep[]
  /** Where `divergence: { policy: 'rollback' }` goes back to. */
  anchor: TrainingState | undefined
}

export const beginning = (state: TrainingState): RunProgress => ({
  state,
  epoch: 0,
  stepsInEpoch: 0,
  mean: runningMean(),
  history: [],
  judged: NOT_JUDGED,
  refused: [],
  anchor: undefined,
})

/** Puts `next` in the place of the state, and frees what no one needs any more. */
export function replaceState(progress: RunProgress, next: TrainingState): void {
  disposeReplaced(progress.state, next, progress.anchor)
  progress.state = next
}

/** Keeps the state as the one to go back to. */
export function dropAnchor(progress: RunProgress): void {
  if (progress.anchor) disposeReplaced(progress.anchor, progress.state)
  progress.anchor = progress.state
}

/** Frees everything. */
export function disposeProgress({ state, anchor, judged }: RunProgress): void {
  if (anchor) disposeReplaced(anchor, state)
  disposeReplaced(state)
  disposeBest(judged)
}
