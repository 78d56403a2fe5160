import type { Outcome } from '@gpdjs/trainer'
import type { Cost } from './cost.ts'
import { deviation, mean } from './statistics.ts'

/** One training of one arm. */
export interface Trial {
  readonly seed: number
  readonly outcome: Outcome
  /** Test accuracy of the student after the last step, in [0, 1]; null if training diverged. */
  readonly accuracy: number | null
  readonly seconds: number
  readonly cost: Cost
}

export interface ArmResult {
  readonly name: string
  readonly trials: readonly Trial[]
  /** Over the seeds that did not diverge; null if all did. Sample standard deviation, 0 for a single seed. */
  readonly accuracy: { readonly mean: number; readonly deviation: number } | null
  /** Mean seconds of a training. */
  readonly seconds: number
  readonly cost: Cost
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
    const [first] = list
    if (first === undefined) return []
    const accuracy = accuracyOf(list)
    return {
      name,
      trials: list,
      accuracy,
      seconds: mean(list.map(({ seconds }) => seconds)),
      cost: first.cost,
      difference: accuracy && reference ? accuracy.mean - reference.mean : null,
    }
  })
}
