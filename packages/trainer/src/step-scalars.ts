import { kinds, needed, type Given } from '@gpdjs/core'

/** Numbers of this step that are decided outside of it. */
export const STEP_SCALARS = {
  /** Steps of the whole run, for schedules of the optimizer and of states. */
  totalSteps: needed(kinds.count),
  /** Weight of every loss term, by name. */
  weights: needed(kinds.recordOf(kinds.number('a number', () => true))),
}

export type StepScalars = Given<typeof STEP_SCALARS>
