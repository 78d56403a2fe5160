/** Numbers that JSON cannot hold: it writes null for the first three, and 0 for the last. */
const TEXTS = new Map<string, number>([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
])

/** A number as JSON holds it: those that it has no form for are written as texts. */
export type NumberText = number | string

export const numberText = (value: number): NumberText =>
  Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value)

/** The number, bit for bit; undefined if it is none. */
export function parseNumberText(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? TEXTS.get(value) : undefined
}
