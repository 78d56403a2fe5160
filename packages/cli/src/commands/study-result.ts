import type { Outcome } from '@gpdjs/trainer'
import type { Failure } from '../io.ts'
import type { Cost } from './cost.ts'
import { deviation, mean } from './statistics.ts'

/** One training of one arm. */
export interface Trial {
  readonly seed: number
  readonly outcome: Outcome | 'failed'
  /** Why it failed. */
  readonly error?: Failure
  /** Test accuracy of the student after the last step, in [0, 1]; null if training diverged or failed. */
  readonly accuracy: number | null
  readonly seconds: number
  /** Null if training failed. */
  readonly cost: Cost | null
  /** After how many steps it was to stop; null for never. */
  readonly maxSteps: number | null
  /** What could not be written: names in its folder. */
  readonly missing: readonly string[]
}

export interface ArmResult {
  readonly name: string
  readonly trials: readonly Trial[]
  /** Over the seeds that neither diverged nor failed; null if all did. Sample standard deviation, 0 for a single seed. */
  readonly accuracy: { readonly mean: number; readonly deviation: number } | null
  /** Mean seconds of a training. */
  readonly seconds: number
  /** Null if all trainings failed. */
  readonly cost: Cost | null
  /** Mean accuracy minus the baseline's. */
  readonly difference: number | null
}

function accuracyOf(trials: readonly Trial[]): ArmResult['accuracy'] {
  const measured = trials.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy]))
  return measured.length === 0 ? null : { mean: mean(measured), deviation: deviation(measured) }
}

/** What the arms of a study came to; those without any training are left out. */
export function summarize(trials: ReadonlyMap<string, readonly Trial[]>, baseline: string): ArmResult[] {
  const reference = accuracyOf(trials.get(baseline) ?? [])
  return [...trials].flatMap(([name, list]) => {
    if (list.length === 0) return []
    const ended = list.filter(({ outcome }) => outcome !== 'failed')
    const accuracy = accuracyOf(list)
    return {
      name,
      trials: list,
      accuracy,
      seconds: ended.length === 0 ? 0 : mean(ended.map(({ seconds }) => seconds)),
      cost: ended[0]?.cost ?? null,
      difference: accuracy && reference ? accuracy.mean - reference.mean : null,
    }
  })
}
