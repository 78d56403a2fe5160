/** Sum and count of one named number. */
export interface MeanSum {
  readonly sum: number
  readonly count: number
}

/** Means of named numbers over an epoch. */
export interface RunningMean {
  add(values: Readonly<Record<string, number>>): void
  values(): Record<string, number>
  /** What it takes to go on: `runningMean(mean.sums())` is the same mean. */
  sums(): ReadonlyMap<string, MeanSum>
}

/** @param before what has been added already */
export function runningMean(before: ReadonlyMap<string, MeanSum> = new Map()): RunningMean {
  const sums = new Map(before)
  return {
    add(values) {
      for (const [name, value] of Object.entries(values)) {
        const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 }
        sums.set(name, { sum: sum + value, count: count + 1 })
      }
    },
    values: () => Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count])),
    sums: () => new Map(sums),
  }
}
