import { GpdError } from '../errors.ts'
import { inside, placed, readTable, readValue } from './fill.ts'
import { oneOf } from './scalars.ts'
import { needed, option, type Filled, type Given, type Kind, type OptionTable, type Place } from './option.ts'
import { isRecord } from './show.ts'

/** Objects whose entries are the options of a table. */
export const record = <Table extends OptionTable>(table: Table): Kind<Filled<Table>, Given<Table>> => ({
  expected: ['an object'],
  read: (value, place) => (isRecord(value) ? readTable(table, value, place) : undefined),
  tables: [{ options: table }],
})

/** What a kind of objects makes of an empty one: the default of an option that is there with all its own defaults. */
export const defaults = <T>(kind: Kind<T, unknown>): T =>
  readValue(kind, {}, { where: 'defaults', path: '', inFile: false })

/** Objects with any keys, each value of one kind. */
export const recordOf = <T, Input>(
  entry: Kind<T, Input>,
): Kind<Readonly<Record<string, T>>, Readonly<Record<string, Input>>> => ({
  expected: ['an object'],
  read: (value, place) =>
    isRecord(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, each]) => [key, readValue(entry, each, inside(place, key))]),
        )
      : undefined,
})

export interface ListSize {
  /** The least number of entries (default 1). */
  readonly least?: number
  /** Exactly so many entries (default any number). */
  readonly length?: number
  /** Ends the sentence "expected …" (default `a list`). */
  readonly expected?: string
}

/** Lists with entries of one kind. */
export const listOf = <T, Input>(
  entry: Kind<T, Input>,
  { least = 1, length, expected = 'a list' }: ListSize = {},
): Kind<readonly T[], readonly Input[]> => ({
  expected: [expected],
  read(value, place) {
    if (!Array.isArray(value) || value.length < least || value.length !== (length ?? value.length)) return undefined
    return value.map((each, i) => readValue(entry, each as unknown, inside(place, String(i))))
  },
})

type ValueOfKind<K> = K extends Kind<infer T, unknown> ? T : never
type InputOfKind<K> = K extends Kind<unknown, infer I> ? I : never

/** Values of any of several kinds; at most one of them takes objects, and at most one lists. */
export const either = <const Kinds extends readonly Kind[]>(
  ...kinds: Kinds
): Kind<ValueOfKind<Kinds[number]>, InputOfKind<Kinds[number]>> => ({
  expected: kinds.flatMap(({ expected }) => expected),
  choices: kinds.flatMap(({ choices = [] }) => choices),
  tables: kinds.flatMap(({ tables = [] }) => tables),
  read(value, place) {
    for (const kind of kinds) {
      const read = kind.read(value, place)
      if (read !== undefined) return read as ValueOfKind<Kinds[number]>
    }
    return undefined
  },
})

type Variants = Readonly<Record<string, OptionTable>>
type Tagged<Tag extends string, V> = { readonly [K in Tag]: V }
type VariantValue<Tag extends string, Tables extends Variants> = {
  [V in keyof Tables]: Tagged<Tag, V> & Filled<Tables[V]>
}[keyof Tables]
type VariantInput<Tag extends string, Tables extends Variants, Fallback> = {
  [V in keyof Tables]: (V extends Fallback ? Partial<Tagged<Tag, V>> : Tagged<Tag, V>) & Given<Tables[V]>
}[keyof Tables]

/** @throws GpdError `config.invalid` for an option that only another variant has */
function checkForeign(given: object, name: string, tables: Variants, place: Place): void {
  const foreign = Object.keys(given).find((key) => {
    return !Object.hasOwn(tables[name]!, key) && Object.values(tables).some((table) => Object.hasOwn(table, key))
  })
  if (foreign === undefined) return
  const owners = Object.keys(tables).filter((other) => Object.hasOwn(tables[other]!, foreign))
  const problem = `'${name}' has no such option, ${owners.map((owner) => `'${owner}'`).join(' and ')} has.`
  throw new GpdError('config.invalid', `${placed(inside(place, foreign))}: ${problem}`, 'Leave it out.')
}

/**
 * Objects in which one entry, the tag, selects the other options.
 *
 * @param fallback the variant of an object without a tag; without it the tag is needed
 */
export function variants<const Tag extends string, Tables extends Variants, Fallback extends keyof Tables = never>(
  tag: Tag,
  tables: Tables,
  fallback?: Fallback,
): Kind<VariantValue<Tag, Tables>, VariantInput<Tag, Tables, Fallback>> {
  const names = oneOf(...Object.keys(tables))
  const named = fallback === undefined ? needed(names) : option(names, fallback as string)
  const tableOf = (name: string): OptionTable => ({ [tag]: named, ...tables[name] })
  return {
    expected: ['an object'],
    tables: Object.keys(tables).map((name) => ({ name, options: tableOf(name) })),
    read(value, place) {
      if (!isRecord(value)) return undefined
      const { [tag]: name } = readTable({ [tag]: named }, { [tag]: value[tag] }, place) as Record<string, string>
      const { [tag]: _, ...rest } = value
      checkForeign(rest, name!, tables, place)
      return readTable(tableOf(name!), value, place) as VariantValue<Tag, Tables>
    },
  }
}
