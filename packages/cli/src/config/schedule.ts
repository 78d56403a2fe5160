import { kinds, needed, option, optional, type Schedule } from '@gpdjs/core'
import { cosine, linear, multiStep, stepDecay, warmUp } from '@gpdjs/trainer'

const COMMON = {
  /** The value at the beginning. */
  start: needed(kinds.nonNegative),
  /** Share of the run over which the value rises in a straight line; the rest is for the `kind` (default: none). */
  warmUp: optional(kinds.fraction),
}

const FACTOR = {
  /** What the value is multiplied by (default 0.1). */
  factor: option(kinds.nonNegative, 0.1),
}

const KINDS = {
  constant: COMMON,
  cosine: {
    ...COMMON,
    /** The value at the end (default 0). */
    end: option(kinds.nonNegative, 0),
  },
  linear: {
    ...COMMON,
    /** The value at the end. */
    end: needed(kinds.nonNegative),
  },
  multiStep: {
    ...COMMON,
    /** Shares of the run after which the value is multiplied by `factor`: `[0.3, 0.6, 0.9]`. */
    milestones: needed(kinds.listOf(kinds.fraction, { least: 0, expected: 'a list of shares of the run' })),
    ...FACTOR,
  },
  stepDecay: {
    ...COMMON,
    /** Share of the run after which the value is multiplied by `factor`, again and again. */
    every: needed(kinds.fraction),
    ...FACTOR,
  },
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
