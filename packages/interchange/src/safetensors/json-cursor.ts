import type { GpdError } from '@gpdjs/core'

/** Makes the error for a file that is not what it should be; the caller throws it. */
export type Corrupt = (expected: string, found: string) => GpdError

/** A name from the file as it may appear in a message: bounded, and with control characters escaped. */
export const quote = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)

const WHITESPACE = new Set([' ', '\t', '\n', '\r'])

/**
 * Reads JSON of a shape known beforehand, token by token.
 *
 * `JSON.parse` would keep the last of two equal keys without an error, and would build whatever a hostile header
 * describes; this builds only the strings and integers that the caller reads.
 */
export class JsonCursor {
  private position = 0

  constructor(
    private readonly text: string,
    private readonly corrupt: Corrupt,
  ) {}

  /** An object: `visit` reads the value of each key. */
  object(visit: (key: string) => void): void {
    const seen = new Set<string>()
    this.sequence('{', '}', () => {
      const key = this.string()
      if (seen.has(key)) throw this.corrupt('unique keys', `${quote(key)} twice`)
      if (key === '__proto__') throw this.corrupt('keys that name tensors', '"__proto__"')
      seen.add(key)
      this.take(':')
      visit(key)
    })
  }

  /** A list of at most `limit` non-negative safe integers. */
  integers(limit: number): number[] {
    const values: number[] = []
    this.sequence('[', ']', () => {
      if (values.length === limit) throw this.corrupt(`at most ${limit} integers in a list`, 'more')
      values.push(this.integer())
    })
    return values
  }

  string(): string {
    const start = this.skipWhitespace()
    if (this.text[start] !== '"') throw this.unexpected('a string')
    let end = start + 1
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1
    this.position = end + 1
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string
    } catch {
      throw this.corrupt('valid JSON strings', `${quote(this.text.slice(start, end + 1))} at character ${start}`)
    }
  }

  end(): void {
    if (this.skipWhitespace() !== this.text.length) throw this.unexpected('the end of the header')
  }

  private sequence(open: string, close: string, item: () => void): void {
    this.take(open)
    if (this.peek() !== close) {
      item()
      while (this.peek() === ',') {
        this.take(',')
        item()
      }
    }
    this.take(close)
  }

  private integer(): number {
    const start = this.skipWhitespace()
    while (this.position < this.text.length && /[\w.+-]/.test(this.text[this.position]!)) this.position++
    const token = this.text.slice(start, this.position)
    if (!/^(0|[1-9]\d{0,15})$/.test(token) || !Number.isSafeInteger(Number(token))) {
      this.position = start
      throw this.unexpected(`an integer from 0 to ${Number.MAX_SAFE_INTEGER}`, token)
    }
    return Number(token)
  }

  private take(character: string): void {
    if (this.peek() !== character) throw this.unexpected(`'${character}'`)
    this.position++
  }

  private peek(): string | undefined {
    return this.text[this.skipWhitespace()]
  }

  private skipWhitespace(): number {
    while (WHITESPACE.has(this.text[this.position] ?? '')) this.position++
    return this.position
  }

  private unexpected(expected: string, token = this.text[this.position]): GpdError {
    const found = token === undefined || token === '' ? 'the end or another token' : quote(token)
    return this.corrupt(expected, `${found} at character ${this.position}`)
  }
}
