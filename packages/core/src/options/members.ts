import { nearest } from '../suggest.ts'
import { checkNames, inside, readValue } from './fill.ts'
import type { Kind, Option } from './option.ts'
import { isRecord } from './show.ts'

/** An option for each member of a type: those that may be left out are `optional`, the others `needed`. */
export type Members<T extends object> = {
  readonly [K in keyof T]-?: Option<unknown, unknown, Record<never, never> extends Pick<T, K> ? 'optional' : 'needed'>
}

/** Names of the methods that an object has from its class. */
function methodNames(value: object): string[] {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return []
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
  return [...own, ...methodNames(prototype)]
}

/** Names that are no members. An object of a class may have others, for its own use: only those near a member count. */
function strangers(value: object, known: readonly string[]): string[] {
  const unknown = (names: readonly string[]) => names.filter((name) => !known.includes(name))
  if (isRecord(value)) return unknown(Object.keys(value))
  return unknown(methodNames(value)).filter((name) => nearest(name, known).length > 0)
}

/**
 * Objects with the members of a type, such as a plugin or a loss, literal or of a class. The object itself is used, so that
 * its methods keep their `this`.
 *
 * @param expected ends the sentence "expected …"
 * @param table one option for each member of the type; the compiler asks for all of them
 * @example members<Callbacks>('callbacks', { onEpochEnd: optional(functionOf()) })
 */
export const members = <T extends object>(expected: string, table: Members<T>): Kind<T> => ({
  expected: [expected],
  read(value, place) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const given = value as Readonly<Record<string, unknown>>
    const entries = Object.entries<Option>(table)
    const known = entries.map(([name]) => name)
    const unknown = strangers(value, known)
    const isComplete = entries.every(([name, { presence }]) => presence !== 'needed' || given[name] !== undefined)
    // Another kind of object altogether is called that, and not by its first name.
    if (!isComplete && !unknown.some((name) => nearest(name, known).length > 0)) return undefined
    checkNames(Object.fromEntries(unknown.map((name) => [name, true])), known, place)
    for (const [name, { kind }] of entries)
      if (given[name] !== undefined) readValue(kind, given[name], inside(place, name))
    return value as T
  },
})
