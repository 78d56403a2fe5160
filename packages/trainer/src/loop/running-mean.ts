/** Means of named numbers over an epoch. */
export class RunningMean {
  readonly #sums = new Map<string, { sum: number; count: number }>()

  add(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const entry = this.#sums.get(name) ?? { sum: 0, count: 0 }
      this.#sums.set(name, { sum: entry.sum + value, count: entry.count + 1 })
    }
  }

  values(): Record<string, number> {
    return Object.fromEntries([...this.#sums].map(([name, { sum, count }]) => [name, sum / count]))
  }
}
