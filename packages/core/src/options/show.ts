const LONGEST = 80

/** A value as messages show it. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return JSON.stringify(value).slice(0, LONGEST)
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`.slice(0, LONGEST)
  if (isRecord(value)) return `{ ${Object.keys(value).join(', ')} }`.slice(0, LONGEST)
  return typeof value === 'object' && value !== null ? `an object of ${value.constructor.name}` : String(value)
}

/** An object as literals and files make them, of any realm: no list, no instance of a class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value))
}

/** `a`, `a or b`, `a, b or c` */
export const eitherOf = (choices: readonly string[]): string =>
  choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
