import { didYouMean, GpdError } from '@gpdjs/core'

/** A numeric option of a loss: its default and the numbers it takes. */
export interface NumberOption {
  readonly fallback: number
  /** Ends the sentence "expected …". */
  readonly range: string
  readonly accepts: (value: number) => boolean
}

export const positive = (fallback: number): NumberOption => ({
  fallback,
  range: 'a finite number above 0',
  accepts: (value) => Number.isFinite(value) && value > 0,
})

export const nonNegative = (fallback: number): NumberOption => ({
  fallback,
  range: 'a finite number of at least 0',
  accepts: (value) => Number.isFinite(value) && value >= 0,
})

export const fraction = (fallback: number): NumberOption => ({
  fallback,
  range: 'a number from 0 to 1',
  accepts: (value) => value >= 0 && value <= 1,
})

/**
 * Options with every default filled in.
 *
 * @throws GpdError `config.unknown-key` for a mistyped option, `config.invalid` for a value outside its range
 */
export function fillOptions<K extends string>(
  where: string,
  known: Readonly<Record<K, NumberOption>>,
  given: Readonly<Partial<Record<K, number>>>,
): Record<K, number> {
  const names = Object.keys(known) as K[]
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(known, name))
  if (stranger !== undefined) {
    throw new GpdError('config.unknown-key', `${where}: unknown option '${stranger}'.`, didYouMean(stranger, names))
  }
  const filled = names.map((name) => {
    const { fallback, range, accepts } = known[name]
    const value: unknown = given[name] ?? fallback
    if (typeof value === 'number' && accepts(value)) return [name, value] as const
    const problem = `${where}: ${name}: expected ${range}, got ${String(value)}.`
    throw new GpdError('config.invalid', problem, `The default is ${fallback}.`)
  })
  return Object.fromEntries(filled) as Record<K, number>
}
