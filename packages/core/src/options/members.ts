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

/** Names that are no members, but for those of an object's own, which are not near a member. */
function strangers(value: object, known: readonly string[], isOwn?: (name: string) => boolean): string[] {
  const [names, mayBeOwn] = isRecord(value) ? [Object.keys(value), false] : [methodNames(value), true]
  const isStranger = (name: string) => !(isOwn?.(name) ?? mayBeOwn) || nearest(name, known).length > 0
  return names.filter((name) => !known.includes(name) && isStranger(name))
}

/**
 * Objects with the members of a type, such as a plugin or a loss, literal or of a class. The object itself is used, so that
 * its methods keep their `this`.
 *
 * @param expected ends the sentence "expected …"
 * @param table one option for each member of the type; the compiler asks for all of them
 * @param isOwn names that an object may have beside them, for its own use, unless they are near a member (default: none in a
 *   literal, any method in a class)
 * @example members<{ stop?: () => void }>('a stopper', { stop: optional(kinds.functionOf<() => void>()) })
 */
export const members = <T extends object>(
  expected: string,
  table: Members<T>,
  isOwn?: (name: string) => boolean,
): Kind<T> => ({
  expected: [expected],
  read(value, place) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const given = value as Readonly<Record<string, unknown>>
    const entries = Object.entries<Option>(table)
    const known = entries.map(([name]) => name)
    const unknown = strangers(value, known, isOwn)
    const isComplete = entries.every(([name, { presence }]) => presence !== 'needed' || given[name] !== undefined)
    // Another kind of object altogether is called that, and not by its first name.
    if (!isComplete && !unknown.some((name) => nearest(name, known).length > 0)) return undefined
    checkNames(Object.fromEntries(unknown.map((name) => [name, true])), known, place)
    for (const [name, { kind }] of entries)
      if (given[name] !== undefined) readValue(kind, given[name], inside(place, name))
    return value as T
  },
})
