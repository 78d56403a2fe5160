/** Where a run stands. */
export interface Progress {
  /** Steps already taken: 0 for the first. */
  readonly step: number
  /** Steps of the whole run. */
  readonly totalSteps: number
}

/** A number that may change during training: a learning rate, the weight of a loss. */
export type Schedule = number | ((progress: Progress) => number)
