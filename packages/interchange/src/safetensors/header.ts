import { quote, JsonCursor, type Corrupt } from './json-cursor.ts'

/** The entry of one tensor in the header, not yet checked against the file. */
export interface HeaderEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: number[]
  /** Range of bytes, relative to the end of the header. */
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly entries: readonly HeaderEntry[]
  readonly metadata: Record<string, string>
}

const MAX_TENSORS = 100_000
const MAX_RANK = 32

function readMetadata(cursor: JsonCursor): Record<string, string> {
  const pairs: [string, string][] = []
  cursor.object((key) => pairs.push([key, cursor.string()]))
  return Object.fromEntries(pairs)
}

function readEntry(name: string, cursor: JsonCursor, corrupt: Corrupt): HeaderEntry {
  let dtype: string | undefined
  let shape: number[] | undefined
  let offsets: number[] | undefined
  const readers = new Map<string, () => void>([
    ['dtype', () => (dtype = cursor.string())],
    ['shape', () => (shape = cursor.integers(MAX_RANK))],
    ['data_offsets', () => (offsets = cursor.integers(2))],
  ])
  cursor.object((key) => {
    const read = readers.get(key)
    if (read === undefined) throw corrupt(`only dtype, shape and data_offsets for ${quote(name)}`, quote(key))
    read()
  })
  const [begin, end] = offsets ?? []
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
    throw corrupt(`dtype, shape and data_offsets [begin, end] for ${quote(name)}`, 'a part of them')
  }
  return { name, dtype, shape, begin, end }
}

/** Reads the JSON header of a safetensors file: its syntax and its fields, not whether they suit the file. */
export function parseHeader(text: string, corrupt: Corrupt): Header {
  const cursor = new JsonCursor(text, corrupt)
  const entries: HeaderEntry[] = []
  let metadata: Record<string, string> = {}
  cursor.object((name) => {
    if (name === '__metadata__') metadata = readMetadata(cursor)
    else if (entries.length === MAX_TENSORS) throw corrupt(`at most ${MAX_TENSORS} tensors`, 'more')
    else entries.push(readEntry(name, cursor, corrupt))
  })
  cursor.end()
  return { entries, metadata }
}
