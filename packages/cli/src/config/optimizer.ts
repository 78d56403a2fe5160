import { kinds, option } from '@gpdjs/core'
import { adamw, ADAMW_OPTIONS, sgd, SGD_OPTIONS, type Optimizer } from '@gpdjs/trainer'
import { scheduleOf, schedules } from './schedule.ts'

const COMMON = {
  /** A number or a [schedule](#schedules) (default: half a cosine from 0.1 down to 0). */
  learningRate: option(schedules, { kind: 'cosine', start: 0.1, end: 0 }),
}

/** The published settings of GPD, where they are not what `sgd` does by itself. */
const SGD = {
  ...SGD_OPTIONS,
  ...COMMON,
  /** Share of the velocity that is kept at each step; `sgd` in code keeps none by itself (default 0.9). */
  momentum: option(SGD_OPTIONS.momentum.kind, 0.9),
  /** Of `sgd`: that multiple of the value is added to the gradient; in code none by itself (default 0.0001). */
  weightDecay: option(SGD_OPTIONS.weightDecay.kind, 1e-4),
  /** Gradients are scaled down to this norm (default 5). */
  clipGlobalNorm: option(SGD_OPTIONS.clipGlobalNorm.kind, 5),
}

const ADAMW = {
  ...ADAMW_OPTIONS,
  ...COMMON,
  /** Of `adamw`: the value shrinks by that multiple of itself and the learning rate (default 0.01). */
  weightDecay: ADAMW_OPTIONS.weightDecay,
  /** Gradients are scaled down to this norm (default: never). */
  clipGlobalNorm: ADAMW_OPTIONS.clipGlobalNorm,
}

const FACTORIES = { sgd, adamw } as const

/** The optimizer by its name, with its options beside it. */
export const optimizers = kinds.variants('name', { sgd: SGD, adamw: ADAMW }, 'sgd')

export function optimizerOf({
  name,
  learningRate,
  ...options
}: NonNullable<ReturnType<(typeof optimizers)['read']>>): Optimizer {
  return FACTORIES[name]({ ...options, learningRate: scheduleOf(learningRate) })
}
