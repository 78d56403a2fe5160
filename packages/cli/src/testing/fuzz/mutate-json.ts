import type { RandomStream } from '@gpdjs/core'

type Parent = Record<string, unknown> | unknown[]

/** Where a value stands: its parent, and its key there. */
interface Spot {
  readonly parent: Parent
  readonly key: string
}

function spotsOf(value: unknown): Spot[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Parent
  return Object.entries(parent).flatMap(([key, inner]) => [{ parent, key }, ...spotsOf(inner)])
}

const valueAt = ({ parent, key }: Spot): unknown => (parent as Record<string, unknown>)[key]

/** An own entry, whatever the key. */
const put = ({ parent, key }: Spot, value: unknown): void =>
  void Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })

const NUMBERS = [0, -1, 1, 2, 0.5, 7, 1e4, 1e6, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 1e308, -1e308]
const TEXTS = ['', '__proto__', 'constructor', 'toString', '../../x', 'a', 'é\u0000\u001b[31m', 'x'.repeat(5000)]
const OTHERS = [null, true, false, [], {}, [[]], [{}], { a: 1 }, [null], 'text', 3]

const pick = <T>(from: readonly T[], random: RandomStream): T => from[random.integer(from.length)]!

type Change = (spot: Spot, random: RandomStream, spots: readonly Spot[]) => void

const CHANGES: readonly Change[] = [
  (spot, random) => put(spot, pick(NUMBERS, random)),
  (spot, random) => put(spot, pick(TEXTS, random)),
  (spot, random) => put(spot, structuredClone(pick(OTHERS, random))),
  (spot, random, spots) => put(spot, structuredClone(valueAt(pick(spots, random)))),
  (spot, random) => {
    const value = valueAt(spot)
    if (typeof value === 'number') put(spot, pick([value + 1, value - 1, value * 2, -value], random))
    if (typeof value === 'string') put(spot, pick([`${value}x`, value.slice(1), value.toUpperCase()], random))
  },
  ({ parent, key }) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1)
    else delete parent[key]
  },
  ({ parent, key }, random, spots) => {
    const value = valueAt({ parent, key })
    if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(value))
    else {
      delete parent[key]
      put({ parent, key: pick([...TEXTS, ...spots.map((spot) => spot.key)], random) }, value)
    }
  },
  (spot) => put(spot, [valueAt(spot)]),
  ({ parent }) => {
    if (Array.isArray(parent)) parent.reverse()
  },
]

/** JSON with one entry changed, or several. */
export function mutateJson(text: string, random: RandomStream): string {
  const whole = { value: JSON.parse(text) as unknown }
  for (let count = 1 + random.integer(3); count > 0; count--) {
    const spots = spotsOf(whole.value)
    if (spots.length > 0) pick(CHANGES, random)(pick(spots, random), random, spots)
  }
  const changed = JSON.stringify(whole.value)
  // A key twice, and deep nesting, which no value has.
  if (random.integer(30) === 0) return changed.replace(/("[^"]*":)([^,{}[\]]+),/, '$1$2,$1$2,')
  return random.integer(100) === 0 ? changed.replace(/\d/, `${'['.repeat(20_000)}1${']'.repeat(20_000)}`) : changed
}
