import { GpdError } from '@gpdjs/core'

/** What JSON can hold, with every number: NaN, infinities and -0 too, which JSON itself would change. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined }

/** The key of an object that stands for a number. */
const NUMBER = '$number'

const spelled = (value: number) => (Object.is(value, -0) ? '-0' : String(value))

function refuse(where: string, found: string): never {
  const fix = 'Keep tensors in records, and make the rest numbers, texts, lists and plain objects.'
  throw new GpdError('config.invalid', `${where}: expected what JSON can hold, got ${found}.`, fix)
}

function encode(value: unknown, where: string): unknown {
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { [NUMBER]: spelled(value) }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map((item, i) => encode(item, `${where}[${i}]`))
  if (typeof value !== 'object') return refuse(where, typeof value)
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return refuse(where, `a ${(value as object).constructor.name}`)
  if (Object.hasOwn(value, NUMBER)) return refuse(where, `the key ${NUMBER}, which stands for numbers`)
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return Object.fromEntries(entries.map(([key, entry]) => [key, encode(entry, `${where}.${key}`)]))
}

/**
 * JSON from which `parseExact` gives the same value, bit for bit.
 *
 * @param where what to call the value in messages
 * @throws GpdError `config.invalid` naming the place of what is no number, text, list or plain object
 */
export const stringifyExact = (value: Plain, where: string): string =>
  `${JSON.stringify(encode(value, where), null, 1)}\n`

/** @throws SyntaxError */
export function parseExact(text: string): Plain {
  return JSON.parse(text, (_, value: unknown) => {
    const isNumber = typeof value === 'object' && value !== null && Object.hasOwn(value, NUMBER)
    return isNumber ? Number((value as Record<string, string>)[NUMBER]) : value
  }) as Plain
}
