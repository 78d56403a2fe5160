import { didYouMean, GpdError } from '@gpdjs/core'

/** An option of a loss: its default and what it takes. */
export interface Option<T> {
  /** Absent: the option must be given. */
  readonly fallback?: T
  /** Ends the sentence "expected …". */
  readonly range: string
  /** The value as the loss uses it; undefined for one that it does not take. */
  readonly read: (value: unknown) => T | undefined
}

const number =
  (range: string, accepts: (value: number) => boolean) =>
  (fallback: number): Option<number> => ({
    fallback,
    range,
    read: (value) => (typeof value === 'number' && accepts(value) ? value : undefined),
  })

export const positive = number('a finite number above 0', (value) => Number.isFinite(value) && value > 0)
export const nonNegative = number('a finite number of at least 0', (value) => Number.isFinite(value) && value >= 0)
export const atLeastOne = number('a finite number of at least 1', (value) => Number.isFinite(value) && value >= 1)
export const fraction = number('a number from 0 to 1', (value) => value >= 0 && value <= 1)
export const count = number('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1)

export const flag = (fallback: boolean): Option<boolean> => ({
  fallback,
  range: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
})

export const oneOf = <const T extends string>(choices: readonly T[], fallback: T): Option<T> => ({
  fallback,
  range: choices.map((choice) => `'${choice}'`).join(' or '),
  read: (value) => choices.find((choice) => choice === value),
})

/** What `fillOptions` makes of the options that a loss knows. */
export type Filled<Known> = { readonly [K in keyof Known]: Known[K] extends Option<infer T> ? T : never }

function fill<T>(where: string, name: string, { fallback, range, read }: Option<T>, given: unknown): T {
  if (given === undefined && fallback === undefined) {
    throw new GpdError('config.missing', `${where}: ${name}: expected ${range}.`, 'It has no default.')
  }
  if (given === undefined) return fallback as T
  const value = read(given)
  if (value !== undefined) return value
  const fix = fallback === undefined ? undefined : `The default is ${String(fallback)}.`
  throw new GpdError('config.invalid', `${where}: ${name}: expected ${range}, got ${String(given)}.`, fix)
}

/**
 * Options with every default filled in.
 *
 * @throws GpdError `config.unknown-key` for a mistyped option, `config.invalid` for a value outside its range,
 *   `config.missing` for an option that has no default
 */
export function fillOptions<Known extends Readonly<Record<string, Option<unknown>>>>(
  where: string,
  known: Known,
  given: { readonly [K in keyof Known]?: unknown },
): Filled<Known> {
  const names = Object.keys(known)
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(known, name))
  if (stranger !== undefined) {
    throw new GpdError('config.unknown-key', `${where}: unknown option '${stranger}'.`, didYouMean(stranger, names))
  }
  const filled = names.map((name) => [name, fill(where, name, known[name]!, given[name])] as const)
  return Object.fromEntries(filled) as Filled<Known>
}
