/** Of all rounds; times in milliseconds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Rounds {
  readonly warmUp: number
  readonly rounds: number
  /** Milliseconds before each arm: threads of the one before may still wait by spinning. Default 0. */
  readonly rest?: number
}

export interface Interleaved<Name extends string> {
  readonly times: ReadonlyMap<Name, Spread>
  /** Arms that threw, with what they threw; the others went on without them. */
  readonly failures: ReadonlyMap<Name, Error>
}

const spreadOf = (times: readonly number[]): Spread => ({
  median: median(times),
  min: Math.min(...times),
  max: Math.max(...times),
})

/**
 * Measures several arms in turns, so that whatever else the machine does touches all of them alike.
 *
 * @param arms each makes one step and returns its milliseconds
 */
export async function interleave<Name extends string>(
  arms: ReadonlyMap<Name, () => Promise<number>>,
  { warmUp, rounds, rest = 0 }: Rounds,
): Promise<Interleaved<Name>> {
  const times = new Map<Name, number[]>([...arms.keys()].map((name) => [name, []]))
  const failures = new Map<Name, Error>()
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, taken] of times) {
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      try {
        const time = await arms.get(name)!()
        if (round >= 0) taken.push(time)
      } catch (error) {
        failures.set(name, error as Error)
        times.delete(name)
      }
    }
  }
  return { times: new Map([...times].map(([name, taken]) => [name, spreadOf(taken)])), failures }
}
