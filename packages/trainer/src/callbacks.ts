import { checkArgument, kinds, optional, type TensorRecord } from '@gpdjs/core'
import type { Plain } from '@gpdjs/interchange'

/** Numbers to log, under the names of TensorFlow.js (`loss`, `acc`, `val_acc`) and those of the run's losses. */
export type Logs = Readonly<Record<string, number>>

/** Everything of a run that changes: it goes on from here, bit for bit as if it had never stopped. */
export interface Snapshot {
  readonly step: number
  /** Tensors by what they are: `trainables`, `slots`, `statistics`, `states`, and those of the best student. */
  readonly records: Readonly<Record<string, TensorRecord>>
  /** Where in the run, and which run. */
  readonly position: Plain
}

/** A run as callbacks reach it. */
export interface RunHandle {
  /**
   * What it takes to go on from here. To be read before the callback returns, or its promise settles: later steps dispose
   * of the tensors.
   */
  snapshot(): Promise<Snapshot>
}

/** Called as training goes on, each of them optional; those that return a promise are waited for. */
export interface Callbacks {
  onTrainBegin?(info: TrainInfo, run: RunHandle): void | Promise<void>
  onEpochBegin?(epoch: number): void | Promise<void>
  /**
   * After each step: the unweighted losses by name, `loss`, the task's metrics (`acc`), `gradient-norm`, `learning-rate` (or
   * `learning-rate/<group>` of each group that moved), `samples-per-second`, and `data-wait`, the share of the step in which its
   * device waited for data, 0 … 1.
   */
  onBatchEnd?(step: number, logs: Logs): void | Promise<void>
  /**
   * After each epoch and its evaluation: means of the steps' numbers, the task's metrics on the validation set, `val_acc` of
   * the student and `val_acc/<actor>` of the others, and `val_gap/<actor>`.
   */
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>
  /** Also when training stops early. */
  onTrainEnd?(logs: Logs): void | Promise<void>
  /**
   * When training fails instead, by an error of a source, a plugin or a callback: the place to close what was opened. An
   * error that is thrown here is lost: the first one counts.
   */
  onTrainError?(error: unknown): void | Promise<void>
}

export interface TrainInfo {
  readonly epochs: number
  readonly stepsPerEpoch: number
  readonly totalSteps: number
  readonly batchSize: number
  readonly actors: readonly string[]
  readonly losses: readonly string[]
  /** What a `tf.LayersModel` given as student does not have as it was. */
  readonly notes: readonly string[]
  /** Where the run goes on, if it is resumed: steps taken before, and what has changed since that may matter. */
  readonly resumed?: { readonly step: number; readonly epoch: number; readonly notes: readonly string[] }
}

const hook = optional(kinds.functionOf())

/** `Callbacks` as objects of users are checked: hooks begin with `on`, and other members are their own. */
export const callbackKind = kinds.members<Callbacks>(
  'callbacks such as { onEpochEnd }',
  {
    onTrainBegin: hook,
    onEpochBegin: hook,
    onBatchEnd: hook,
    onEpochEnd: hook,
    onTrainEnd: hook,
    onTrainError: hook,
  },
  (name) => !name.startsWith('on'),
)

/**
 * Several sets of callbacks as one; called in order.
 *
 * @throws GpdError `config.unknown-key` for a hook that does not exist, `config.invalid` for anything but a list of callbacks
 */
export function combineCallbacks(callbacks: readonly Callbacks[]): Required<Callbacks> {
  checkArgument('combineCallbacks', 'callbacks', kinds.listOf(callbackKind, { least: 0 }), callbacks)
  const each = async (call: (one: Callbacks) => void | Promise<void> | undefined) => {
    for (const one of callbacks) await call(one)
  }
  return {
    onTrainBegin: (info, run) => each((one) => one.onTrainBegin?.(info, run)),
    onEpochBegin: (epoch) => each((one) => one.onEpochBegin?.(epoch)),
    onBatchEnd: (step, logs) => each((one) => one.onBatchEnd?.(step, logs)),
    onEpochEnd: (epoch, logs) => each((one) => one.onEpochEnd?.(epoch, logs)),
    onTrainEnd: (logs) => each((one) => one.onTrainEnd?.(logs)),
    onTrainError: async (error) => {
      for (const one of callbacks) await Promise.resolve(one.onTrainError?.(error)).catch(() => undefined)
    },
  }
}
