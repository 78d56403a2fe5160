import type { Kind } from './option.ts'
import { isRecord, show } from './show.ts'

/**
 * Values that a predicate accepts.
 *
 * @param expected ends the sentence "expected …"
 * @param fix what to do about another value
 */
export const kind = <T>(expected: string, accepts: (value: T) => boolean, fix?: string): Kind<T> => ({
  expected: [expected],
  read: (value) => (accepts(value as T) ? (value as T) : undefined),
  ...(fix !== undefined && { fix }),
})

/** Numbers in a range, for which alone NaN and other types are refused as well. */
export const number = (expected: string, accepts: (value: number) => boolean, fix?: string): Kind<number> =>
  kind(expected, (value) => typeof value === 'number' && accepts(value), fix)

export const finite = number('a finite number', Number.isFinite)
export const positive = number('a finite number above 0', (value) => Number.isFinite(value) && value > 0)
export const nonNegative = number('a finite number of at least 0', (value) => Number.isFinite(value) && value >= 0)
export const atLeastOne = number('a finite number of at least 1', (value) => Number.isFinite(value) && value >= 1)
export const fraction = number('a number from 0 to 1', (value) => value >= 0 && value <= 1)
/** A share of something that is there at all. */
export const portion = number('a number above 0, at most 1', (value) => value > 0 && value <= 1)
/** A share that must not be all. */
export const rate = number('a number from 0 to below 1', (value) => value >= 0 && value < 1)
export const integer = number('a whole number', Number.isSafeInteger)

/** Whole numbers from `least` on. */
export const countFrom = (least: number): Kind<number> =>
  number(`a whole number of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least)

export const count = countFrom(1)
export const countOrNone = countFrom(0)

export const flag = kind<boolean>('true or false', (value) => typeof value === 'boolean')
export const text = kind<string>('a text', (value) => typeof value === 'string')

/** An object as literals make them; what is in it is not checked. */
export const object = kind<Readonly<Record<string, unknown>>>('an object', isRecord)

/** A function of this type; its own arguments and results are not checked. */
export const functionOf = <T>(): Kind<T> => kind<T>('a function', (value) => typeof value === 'function')

/** An object that another function made, such as a plugin, known by the names of some of its members. */
export const objectWith = <T extends object>(expected: string, ...members: readonly (keyof T & string)[]): Kind<T> =>
  kind<T>(expected, (value) => typeof value === 'object' && value !== null && members.every((name) => name in value))

/** One value of several. */
export const oneOf = <const T extends string | number | boolean>(...choices: readonly T[]): Kind<T> => ({
  expected: choices.map(show),
  read: (value) => choices.find((choice) => choice === value),
  choices: choices.filter((choice) => typeof choice === 'string'),
})
