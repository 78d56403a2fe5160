import { GpdError } from '../errors.ts'
import { didYouMean, shortened } from '../suggest.ts'
import type { Filled, Kind, Option, OptionTable, Place } from './option.ts'
import { eitherOf, isRecord, show } from './show.ts'

/** The beginning of a message about a value. */
export const placed = ({ where, path }: Place): string => (path === '' ? where : `${where}: ${path}`)

export const inside = (place: Place, key: string): Place => ({
  ...place,
  path: place.path === '' ? key : `${place.path}.${key}`,
})

const expectedOf = ({ expected }: Kind): string => `expected ${eitherOf(expected)}`

/**
 * A value as its kind reads it.
 *
 * @param advice what to do about a value that is refused, where the kind itself has no advice
 * @throws GpdError `config.invalid`, naming what was expected and what was found
 */
export function readValue<T>(kind: Kind<T, unknown>, value: unknown, place: Place, advice?: string): T {
  const read = kind.read(value, place)
  if (read !== undefined) return read
  const fix = typeof value === 'string' && kind.choices ? didYouMean(value, kind.choices) : (kind.fix ?? advice)
  throw new GpdError('config.invalid', `${placed(place)}: ${expectedOf(kind)}, got ${show(value)}.`, fix)
}

function readOption({ kind, presence, fallback }: Option, value: unknown, place: Place): unknown {
  if (value === undefined && presence !== 'needed') return fallback
  if (value === undefined) {
    const fix = kind.fix ?? 'It has no default.'
    throw new GpdError('config.missing', `${placed(place)}: ${expectedOf(kind)}, got nothing.`, fix)
  }
  const isPlain = presence === 'filled' && typeof fallback !== 'object'
  return readValue(kind, value, place, isPlain ? `The default is ${show(fallback)}.` : undefined)
}

/** @throws GpdError `config.unknown-key` with the nearest name */
export function checkNames(given: object, known: readonly string[], place: Place): void {
  const stranger = Object.keys(given).find((name) => !known.includes(name))
  if (stranger === undefined) return
  const { path } = inside(place, shortened(stranger))
  const problem = place.inFile ? `${path}: no such key.` : `unknown option '${path}'.`
  throw new GpdError('config.unknown-key', `${place.where}: ${problem}`, didYouMean(stranger, known))
}

/** The values of all options of a table; optional ones that are not given are left out. */
export function readTable<Table extends OptionTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
  place: Place,
): Filled<Table> {
  checkNames(given, Object.keys(table), place)
  const values = Object.entries(table).map(([name, option]) => {
    return [
      name,
      readOption(option, Object.hasOwn(given, name) ? given[name] : undefined, inside(place, name)),
    ] as const
  })
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Filled<Table>
}

/**
 * Options with every default filled in, and without those that are undefined.
 *
 * @param where the function that takes them, or the file (`inFile`) that they are written in; messages begin with it
 * @throws GpdError `config.unknown-key` for a mistyped option, `config.invalid` for a value that is not accepted,
 *   `config.missing` for an option that has no default
 * @example
 * const OPTIONS = { temperature: option(kinds.positive, 4) }
 * const { temperature } = fillOptions('kd', OPTIONS, { temperature: 2 })
 */
export function fillOptions<Table extends OptionTable>(
  where: string,
  table: Table,
  given: { readonly [K in keyof Table]?: unknown } = {},
  { inFile = false }: { readonly inFile?: boolean } = {},
): Filled<Table> {
  if (isRecord(given)) return readTable(table, given, { where, path: '', inFile })
  throw new GpdError('config.invalid', `${where}: expected an object, got ${show(given)}.`, knownOf(table))
}

const knownOf = (table: OptionTable): string => `Known: ${Object.keys(table).sort().join(', ')}.`

/**
 * Options that were given: without those that are undefined, which count as left out.
 *
 * @example Object.hasOwn(given(options), 'weight') // whether a weight was given, its default or not
 */
export const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/**
 * An argument that stands by itself, checked as an option is.
 *
 * @param where the function that takes it
 * @throws GpdError `config.invalid`, naming function and argument
 * @example const start = checkArgument('cosine', 'start', kinds.nonNegative, given)
 */
export const checkArgument = <T>(where: string, name: string, kind: Kind<T, unknown>, value: unknown): T =>
  readValue(kind, value, { where, path: name, inFile: false })
