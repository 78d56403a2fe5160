import type { Progress, Schedule } from '@gpdjs/core'

/** The value of a schedule now. */
export const valueAt = (schedule: Schedule, progress: Progress): number =>
  typeof schedule === 'number' ? schedule : schedule(progress)

/**
 * Half a cosine from `start` down to `end`: `end + (start − end)(1 + cos(π t)) / 2` with `t` from 0 to 1.
 *
 * @see Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017
 */
export function cosine(start: number, options: { readonly end?: number } = {}): Schedule {
  const end = options.end ?? 0
  return ({ step, totalSteps }) => end + ((start - end) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2
}

/**
 * Multiplied by `factor` at every milestone.
 *
 * @param options.milestones shares of the run, each in (0, 1): `[0.3, 0.6, 0.9]`
 * @param options.factor default 0.1
 */
export function multiStep(
  start: number,
  options: { readonly milestones: readonly number[]; readonly factor?: number },
): Schedule {
  const { milestones, factor = 0.1 } = options
  return ({ step, totalSteps }) =>
    start * factor ** milestones.filter((share) => step >= Math.round(share * totalSteps)).length
}

/** Multiplied by `factor` each time another `every` (a share of the run) has passed. */
export function stepDecay(start: number, options: { readonly every: number; readonly factor?: number }): Schedule {
  const { every, factor = 0.1 } = options
  return ({ step, totalSteps }) => start * factor ** Math.floor(step / Math.max(1, Math.round(every * totalSteps)))
}

/**
 * A straight line from `start` to `end`.
 *
 * @param options.until share of the run after which it stays at `end`, in (0, 1] (default 1: the whole run)
 */
export const linear =
  (start: number, end: number, { until = 1 }: { readonly until?: number } = {}): Schedule =>
  ({ step, totalSteps }) =>
    start + (end - start) * Math.min(1, step / (until * totalSteps))

/**
 * Rises in a straight line over the first steps, reaching the schedule's own value at the end of them. The first step
 * gets `1 / n` of it, not zero. The schedule itself then runs over the steps that remain.
 *
 * @param options.steps number of steps, or
 * @param options.share share of the run, in [0, 1]
 */
export function warmUp(schedule: Schedule, options: { readonly steps: number } | { readonly share: number }): Schedule {
  return ({ step, totalSteps }) => {
    const rise = 'steps' in options ? options.steps : Math.round(options.share * totalSteps)
    const rest = { step: Math.max(0, step - rise), totalSteps: Math.max(1, totalSteps - rise) }
    return valueAt(schedule, rest) * Math.min(1, (step + 1) / Math.max(1, rise))
  }
}

export interface EpochWarmUpOptions {
  /** Epochs over which it rises, E ≥ 1. */
  readonly epochs: number
  /** Epochs of the whole run. */
  readonly of: number
}

/** `schedule · min(e / E, 1)` with an epoch number e that counts from `first`. */
const epochWarmUp =
  (first: number) =>
  (schedule: Schedule, { epochs, of }: EpochWarmUpOptions): Schedule =>
  (progress) => {
    // Rounded down, but for what a quotient of step and steps per epoch may lack to a whole number.
    const epoch = Math.floor((progress.step * of) / progress.totalSteps + 1e-9)
    return valueAt(schedule, progress) * Math.min(1, (epoch + first) / Math.max(1, epochs))
  }

/**
 * Rises once per epoch, `min(e / E, 1)` with epochs counted **from 1**, as mdistiller has it: the first epoch gets `1 / E`, the
 * E-th is the first with all. The schedule itself is not delayed.
 *
 * @example staticTeacher({ ...teacher, loss: dkd(), weight: warmUpFromOne(1, { epochs: 20, of: 240 }) })
 * @see Zhao et al., "Decoupled Knowledge Distillation", CVPR 2022: `warmup` of its released code
 */
export const warmUpFromOne = epochWarmUp(1)

/**
 * The same with epochs counted **from 0**, as the code released with KD++ has it: the first epoch gets nothing.
 *
 * @example staticTeacher({ ...teacher, loss: kd(), weight: warmUpFromZero(3.5, { epochs: 20, of: 240 }) })
 * @see Wang et al., "Improving Knowledge Distillation via Regularizing Feature Norm and Direction", 2023
 */
export const warmUpFromZero = epochWarmUp(0)
