import { kinds, option, optional } from '@gpdjs/core'
import { adamw, sgd, type Optimizer } from '@gpdjs/trainer'
import { scheduleOf, schedules } from './schedule.ts'

const COMMON = {
  /** A number or a [schedule](#schedules) (default: half a cosine from 0.1 down to 0). */
  learningRate: option(schedules, { kind: 'cosine', start: 0.1, end: 0 }),
  /** What decays: `weights`, or `all` (norms, biases and gates too, as the authors of GPD have it; default `weights`). */
  decay: option(kinds.oneOf('weights', 'all'), 'weights'),
}

/** For SGD the published settings of GPD. */
const SGD = {
  ...COMMON,
  /** Share of the velocity that is kept at each step (default 0.9). */
  momentum: option(kinds.rate, 0.9),
  /** Look one velocity ahead (default false). */
  nesterov: option(kinds.flag, false),
  /** Of `sgd`: that multiple of the value is added to the gradient (default 0.0001). */
  weightDecay: option(kinds.nonNegative, 1e-4),
  /** Weight decay apart from the gradient, as AdamW has it (default false). */
  decoupled: option(kinds.flag, false),
  /** Gradients are scaled down to this norm (default 5). */
  clipGlobalNorm: option(kinds.positive, 5),
}

const ADAMW = {
  ...COMMON,
  /** Share of the first moment that is kept at each step (default 0.9). */
  beta1: option(kinds.rate, 0.9),
  /** Share of the second moment that is kept at each step (default 0.999). */
  beta2: option(kinds.rate, 0.999),
  /** Added to the root of the second moment (default 1e-8). */
  epsilon: option(kinds.positive, 1e-8),
  /** Of `adamw`: the value shrinks by that multiple of itself and the learning rate (default 0.01). */
  weightDecay: option(kinds.nonNegative, 0.01),
  /** Gradients are scaled down to this norm (default: never). */
  clipGlobalNorm: optional(kinds.positive),
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
