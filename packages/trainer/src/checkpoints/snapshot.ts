import type { Snapshot } from '../callbacks.ts'
import type { RunProgress } from '../loop/progress.ts'
import type { TrainingState } from '../training-state.ts'
import type { RunIdentity } from './identity.ts'

/** Raised when the meaning of an entry changes; a newer one is refused. */
export const SCHEMA = 1

const recordsOf = ({ trainables, slots, statistics, states }: TrainingState, prefix = '') => ({
  [`${prefix}trainables`]: trainables,
  [`${prefix}slots`]: slots,
  [`${prefix}statistics`]: statistics,
  [`${prefix}states`]: states,
})

/** Names of the records of the best student, and of the state that a rollback goes back to. */
export const BEST = { parameters: 'best-parameters', statistics: 'best-statistics' } as const
export const ANCHOR = 'anchor-'

/** A snapshot of a run; its tensors stay the run's. */
export function snapshotOf(progress: RunProgress, identity: RunIdentity): Snapshot {
  const { state, anchor, judged, epoch, stepsInEpoch, mean, history, refused } = progress
  const { best, since } = judged
  return {
    step: state.step,
    records: {
      ...recordsOf(state),
      ...(anchor && recordsOf(anchor, ANCHOR)),
      ...(best && { [BEST.parameters]: best.student.parameters, [BEST.statistics]: best.student.statistics }),
    },
    position: {
      schema: SCHEMA,
      step: state.step,
      epoch,
      stepsInEpoch,
      mean: [...mean.sums()].map(([name, { sum, count }]) => [name, sum, count]),
      history: history.map((record) => ({ ...record })),
      best: best ? { epoch: best.epoch, metric: best.metric, value: best.value } : null,
      since,
      refused: refused.map((step) => ({ ...step })),
      anchor: anchor ? anchor.step : null,
      run: { ...identity },
    },
  }
}
