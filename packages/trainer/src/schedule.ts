import {
  checkArgument,
  fillOptions,
  GpdError,
  kinds,
  needed,
  option,
  optional,
  scheduleKind,
  type Given,
  type Kind,
  type Progress,
  type Schedule,
} from '@gpdjs/core'

const changing = kinds.functionOf<Exclude<Schedule, number>>()

/** A learning rate. */
export const rates: Kind<Schedule> = kinds.either(kinds.nonNegative, changing)

/** The value of a schedule now. */
export const valueAt = (schedule: Schedule, progress: Progress): number =>
  typeof schedule === 'number' ? schedule : schedule(progress)

export const COSINE_OPTIONS = {
  /** The value at the end (default 0). */
  end: option(kinds.nonNegative, 0),
}

/**
 * Half a cosine from `start` down to `end`: `end + (start − end)(1 + cos(π t)) / 2` with `t` from 0 to 1.
 *
 * @see Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017
 */
export function cosine(start: number, options: Given<typeof COSINE_OPTIONS> = {}): Schedule {
  const { end } = fillOptions('cosine', COSINE_OPTIONS, options)
  checkArgument('cosine', 'start', kinds.finite, start)
  return ({ step, totalSteps }) => end + ((start - end) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2
}

const FACTOR = {
  /** What the value is multiplied by (default 0.1). */
  factor: option(kinds.nonNegative, 0.1),
}

export const MULTI_STEP_OPTIONS = {
  /** Shares of the run after which the value is multiplied by `factor`: `[0.3, 0.6, 0.9]`. */
  milestones: needed(kinds.listOf(kinds.fraction, { least: 0, expected: 'a list of shares of the run' })),
  ...FACTOR,
}

/** Multiplied by `factor` at every milestone. */
export function multiStep(start: number, options: Given<typeof MULTI_STEP_OPTIONS>): Schedule {
  const { milestones, factor } = fillOptions('multiStep', MULTI_STEP_OPTIONS, options)
  checkArgument('multiStep', 'start', kinds.finite, start)
  return ({ step, totalSteps }) =>
    start * factor ** milestones.filter((share) => step >= Math.round(share * totalSteps)).length
}

export const STEP_DECAY_OPTIONS = {
  /** Share of the run after which the value is multiplied by `factor`, again and again. */
  every: needed(kinds.fraction),
  ...FACTOR,
}

/** Multiplied by `factor` each time another `every` (a share of the run) has passed. */
export function stepDecay(start: number, options: Given<typeof STEP_DECAY_OPTIONS>): Schedule {
  const { every, factor } = fillOptions('stepDecay', STEP_DECAY_OPTIONS, options)
  checkArgument('stepDecay', 'start', kinds.finite, start)
  return ({ step, totalSteps }) => start * factor ** Math.floor(step / Math.max(1, Math.round(every * totalSteps)))
}

const LINEAR_OPTIONS = {
  /** Share of the run after which it stays at `end` (default 1, the whole run). */
  until: option(kinds.portion, 1),
}

/** A straight line from `start` to `end`. */
export function linear(start: number, end: number, options: Given<typeof LINEAR_OPTIONS> = {}): Schedule {
  const { until } = fillOptions('linear', LINEAR_OPTIONS, options)
  checkArgument('linear', 'start', kinds.finite, start)
  checkArgument('linear', 'end', kinds.finite, end)
  return ({ step, totalSteps }) => start + (end - start) * Math.min(1, step / (until * totalSteps))
}

const WARM_UP_OPTIONS = {
  /** Number of steps. */
  steps: optional(kinds.countOrNone),
  /** Or share of the run. */
  share: optional(kinds.fraction),
}

/**
 * Rises in a straight line over the first steps, reaching the schedule's own value at the end of them. The first step
 * gets `1 / n` of it, not zero. The schedule itself then runs over the steps that remain.
 *
 * @throws GpdError `config.invalid`, `config.unknown-key`; `config.missing` unless there is one of `steps` and `share`
 */
export function warmUp(schedule: Schedule, options: Given<typeof WARM_UP_OPTIONS>): Schedule {
  const { steps, share } = fillOptions('warmUp', WARM_UP_OPTIONS, options)
  checkArgument('warmUp', 'schedule', scheduleKind, schedule)
  if ((steps === undefined) === (share === undefined)) {
    const [code, found] =
      steps === undefined ? (['config.missing', 'neither'] as const) : (['config.invalid', 'both'] as const)
    throw new GpdError(code, `warmUp: expected either steps or share, got ${found}.`, 'Use { share: 0.1 }.')
  }
  return ({ step, totalSteps }) => {
    const rise = steps ?? Math.round(share! * totalSteps)
    const rest = { step: Math.max(0, step - rise), totalSteps: Math.max(1, totalSteps - rise) }
    return valueAt(schedule, rest) * Math.min(1, (step + 1) / Math.max(1, rise))
  }
}

const EPOCH_WARM_UP_OPTIONS = {
  /** Epochs over which it rises, E ≥ 1. */
  epochs: needed(kinds.count),
  /** Epochs of the whole run. */
  of: needed(kinds.count),
}

export type EpochWarmUpOptions = Given<typeof EPOCH_WARM_UP_OPTIONS>

/** `schedule · min(e / E, 1)` with an epoch number e that counts from `first`. */
const epochWarmUp =
  (where: string, first: number) =>
  (schedule: Schedule, options: EpochWarmUpOptions): Schedule => {
    const { epochs, of } = fillOptions(where, EPOCH_WARM_UP_OPTIONS, options)
    checkArgument(where, 'schedule', scheduleKind, schedule)
    return (progress) => {
      // Rounded down, but for what a quotient of step and steps per epoch may lack to a whole number.
      const epoch = Math.floor((progress.step * of) / progress.totalSteps + 1e-9)
      return valueAt(schedule, progress) * Math.min(1, (epoch + first) / epochs)
    }
  }

/**
 * Rises once per epoch, `min(e / E, 1)` with epochs counted **from 1**, as mdistiller has it: the first epoch gets `1 / E`, the
 * E-th is the first with all. The schedule itself is not delayed.
 *
 * @example staticTeacher({ ...teacher, loss: dkd(), weight: warmUpFromOne(1, { epochs: 20, of: 240 }) })
 * @see Zhao et al., "Decoupled Knowledge Distillation", CVPR 2022: `warmup` of its released code
 */
export const warmUpFromOne = epochWarmUp('warmUpFromOne', 1)

/**
 * The same with epochs counted **from 0**, as the code released with KD++ has it: the first epoch gets nothing.
 *
 * @example staticTeacher({ ...teacher, loss: kd(), weight: warmUpFromZero(3.5, { epochs: 20, of: 240 }) })
 * @see Wang et al., "Improving Knowledge Distillation via Regularizing Feature Norm and Direction", 2023
 */
export const warmUpFromZero = epochWarmUp('warmUpFromZero', 0)
