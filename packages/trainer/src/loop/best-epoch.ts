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

/** Keeps the best student, and counts how many evaluations it has been the best. */
export interface BestEpoch {
  /** Of equal values the earlier one is kept; a value that is not finite is never the best. */
  judge(epoch: number, logs: Readonly<Record<string, number>>, extract: () => Model): void
  best(): Best | undefined
  /** Evaluations since the best one. */
  since(): number
}

export const disposeModel = (model: Model | undefined): void =>
  tf.dispose(model ? [{ ...model.parameters }, { ...model.statistics }] : [])

export function bestEpoch({ metric, goal }: Task['judge']): BestEpoch {
  let best: Best | undefined
  let since = 0
  const isBetter = (value: number) => (goal === 'max' ? value > best!.value : value < best!.value)
  return {
    best: () => best,
    since: () => since,
    judge(epoch, logs, extract) {
      const value = logs[`val_${metric}`]!
      since++
      if (!Number.isFinite(value) || (best && !isBetter(value))) return
      disposeModel(best?.student)
      best = { epoch, metric, value, student: extract() }
      since = 0
    },
  }
}
