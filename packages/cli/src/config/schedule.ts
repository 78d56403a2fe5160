import { kinds, needed, optional, type Schedule } from '@gpdjs/core'
import {
  cosine,
  COSINE_OPTIONS,
  linear,
  multiStep,
  MULTI_STEP_OPTIONS,
  stepDecay,
  STEP_DECAY_OPTIONS,
  warmUp,
} from '@gpdjs/trainer'

const COMMON = {
  /** The value at the beginning. */
  start: needed(kinds.nonNegative),
  /** Share of the run over which the value rises in a straight line; the rest is for the `kind` (default: none). */
  warmUp: optional(kinds.fraction),
}

const KINDS = {
  constant: COMMON,
  cosine: { ...COMMON, ...COSINE_OPTIONS },
  linear: {
    ...COMMON,
    /** The value at the end. */
    end: needed(kinds.nonNegative),
  },
  multiStep: { ...COMMON, ...MULTI_STEP_OPTIONS },
  stepDecay: { ...COMMON, ...STEP_DECAY_OPTIONS },
}

/** A number ≥ 0, or one that changes over the run. */
export const schedules = kinds.either(kinds.nonNegative, kinds.variants('kind', KINDS))

export type ScheduleConfig = NonNullable<ReturnType<(typeof schedules)['read']>>
export type ScheduleInput = NonNullable<(typeof schedules)['input']>

function plain(config: Exclude<ScheduleConfig, number>): Schedule {
  switch (config.kind) {
    case 'constant':
      return config.start
    case 'cosine':
      return cosine(config.start, { end: config.end })
    case 'linear':
      return linear(config.start, config.end)
    case 'multiStep':
      return multiStep(config.start, { milestones: config.milestones, factor: config.factor })
    case 'stepDecay':
      return stepDecay(config.start, { every: config.every, factor: config.factor })
  }
}

/** A schedule as it is written in a configuration. */
export function scheduleOf(config: ScheduleConfig): Schedule {
  if (typeof config === 'number') return config
  return config.warmUp === undefined ? plain(config) : warmUp(plain(config), { share: config.warmUp })
}
