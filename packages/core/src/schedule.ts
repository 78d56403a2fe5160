import type { Kind } from './options/option.ts'
import { either } from './options/structures.ts'
import { finite, functionOf } from './options/scalars.ts'

/** Where a run stands. */
export interface Progress {
  /** Steps already taken: 0 for the first. */
  readonly step: number
  /** Steps of the whole run. */
  readonly totalSteps: number
}

/** A number that may change during training: a learning rate, the weight of a loss. */
export type Schedule = number | ((progress: Progress) => number)

/** `Schedule` as options take it. */
export const scheduleKind: Kind<Schedule> = either(finite, functionOf<Exclude<Schedule, number>>())
