import * as tf from '@tensorflow/tfjs'
import type { Model, Task } from '@gpdjs/core'

/** The student after the epoch with the best judged metric on the validation set. */
export interface Best {
  readonly epoch: number
  /** The metric of `task.judge`: `'acc'`. */
  readonly metric: string
  readonly value: number
  readonly student: Model
}

/** The best epoch so far, and how long ago it was. */
export interface Judged {
  readonly best?: Best
  /** Evaluations since the best one. */
  readonly since: number
}

export const NOT_JUDGED: Judged = { since: 0 }

export const disposeModel = (model: Model | undefined): void =>
  tf.dispose(model ? [{ ...model.parameters }, { ...model.statistics }] : [])

/** Frees the best student of `judged`, unless `successor` still has it. */
export function disposeBest({ best }: Judged, successor?: Judged): void {
  if (best !== successor?.best) disposeModel(best?.student)
}

/**
 * Judges an epoch by its logs. Of equal values the earlier one is kept; a value that is not finite is never the best.
 * Disposes nothing.
 *
 * @param extract the student as it is now; called only if it is the best
 */
export function judgeEpoch(
  { best, since }: Judged,
  { metric, goal }: Task['judge'],
  epoch: number,
  logs: Readonly<Record<string, number>>,
  extract: () => Model,
): Judged {
  const value = logs[`val_${metric}`]!
  const isBetter = best === undefined || (goal === 'max' ? value > best.value : value < best.value)
  if (!Number.isFinite(value) || !isBetter) return { ...(best && { best }), since: since + 1 }
  return { best: { epoch, metric, value, student: extract() }, since: 0 }
}
