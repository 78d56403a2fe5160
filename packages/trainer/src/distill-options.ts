import type { BatchSource, Network, Task, TensorRecord } from '@gpdjs/core'
import type { Heads } from './files/saved-heads.ts'
import type { Callbacks } from './loop/callbacks.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { PluginOption } from './pipeline/plugin.ts'

export interface DistillOptions {
  readonly student: Network
  /** Weights to begin with (fine-tuning). Copied. Default: drawn from the seed. */
  readonly parameters?: TensorRecord
  /** Batch-norm moments to begin with. Default mean 0, variance 1. */
  readonly statistics?: TensorRecord
  /** Heads of losses to begin with, as `run.heads` and `loadHeads` give them. Copied. Default: drawn from the seed. */
  readonly heads?: Heads
  /** `validation` is what epochs are judged by; without it only training numbers are logged. */
  readonly data: { readonly train: BatchSource; readonly validation?: BatchSource }
  /** What networks are trained for: rows, objective, metrics. Default `classification()`. */
  readonly task?: Task
  readonly optimizer: Optimizer
  readonly epochs: number
  /** Samples per batch. Default 64. */
  readonly batchSize?: number
  /** Batches whose mean gradient makes one step. Default 1. */
  readonly accumulate?: number
  /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own. */
  readonly plugins?: PluginOption
  /** Default 42. */
  readonly seed?: number
  /** Stop after this many steps, with schedules as for the whole run. */
  readonly maxSteps?: number
  /** Evaluate every so many epochs (and after the last). Default 1. */
  readonly evaluateEvery?: number
  /** Stop after so many evaluations in a row without a better one. Needs a validation set. Default: never. */
  readonly patience?: number
  readonly callbacks?: Callbacks | readonly Callbacks[]
  /** Training stops after the step during which it is aborted; the result is what was reached. */
  readonly signal?: AbortSignal
}
