import type { Network, Task, TensorRecord } from '@gpdjs/core'
import type { Heads } from '@gpdjs/interchange'
import type { LoopOptions } from './loop/plan-loop.ts'
import type { PluginOption } from './pipeline/plugin.ts'

export interface DistillOptions extends LoopOptions {
  readonly student: Network
  /** Weights to begin with (fine-tuning). Copied. Default: drawn from the seed. */
  readonly parameters?: TensorRecord
  /** Batch-norm moments to begin with. Default mean 0, variance 1. */
  readonly statistics?: TensorRecord
  /** Heads of losses to begin with, as `run.heads` and `loadHeads` give them. Copied. Default: drawn from the seed. */
  readonly heads?: Heads
  /** What networks are trained for: rows, objective, metrics. Default `classification()`. */
  readonly task?: Task
  /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own. */
  readonly plugins?: PluginOption
}
