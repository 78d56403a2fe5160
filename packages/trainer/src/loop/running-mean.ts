/** Means of named numbers over an epoch. */
export interface RunningMean {
  add(values: Readonly<Record<string, number>>): void
  values(): Record<string, number>
}

export function runningMean(): RunningMean {
  const sums = new Map<string, { sum: number; count: number }>()
  return {
    add(values) {
      for (const [name, value] of Object.entries(values)) {
        const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 }
        sums.set(name, { sum: sum + value, count: count + 1 })
      }
    },
    values: () => Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count])),
  }
}
