import { GpdError } from '@gpdjs/core'

/** An array of bytes with its sizes, as an IDX file holds it. */
export interface IdxArray {
  /** 1 to 4 sizes, the first one counts the items */
  readonly dims: readonly number[]
  /** Row-major, as many bytes as the product of `dims` */
  readonly data: Uint8Array
}

/** Magic number: two zero bytes, the element type, the number of dimensions. */
export const MAGIC_BYTES = 4
const SIZE_BYTES = 4
export const MAX_RANK = 4
export const MAX_SIZE = 2 ** 32 - 1
export const UNSIGNED_BYTE = 0x08

/** The other element types of the format, for the message that refuses them. */
const otherTypes: ReadonlyMap<number, string> = new Map([
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
])

export const headerBytes = (rank: number): number => MAGIC_BYTES + SIZE_BYTES * rank

/** Error of a file that is not what it should be. */
export function corrupt(source: string, expected: string, found: string, fix = 'Download or write the file again.') {
  return new GpdError('data.corrupt', `${source}: expected ${expected}, found ${found}.`, fix)
}

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`

/** How many sizes follow the magic number. */
function readRank(magic: Uint8Array, source: string): number {
  const [first, second, type, rank] = magic as unknown as [number, number, number, number]
  if (first !== 0 || second !== 0) {
    const found = [...magic].map(hex).join(' ')
    throw corrupt(source, 'an IDX file (0x00 0x00 first)', found, 'Give the path of an IDX file, plain or gzip.')
  }
  if (type !== UNSIGNED_BYTE) {
    const found = otherTypes.get(type) ?? `type ${hex(type)}`
    throw corrupt(source, `elements of type uint8 (${hex(UNSIGNED_BYTE)})`, found, 'Convert the file to bytes.')
  }
  if (rank < 1 || rank > MAX_RANK) throw corrupt(source, `1 … ${MAX_RANK} dimensions`, `${rank}`)
  return rank
}

/** Product of the sizes; a product that a double cannot count is refused. */
function countElements(dims: readonly number[], source: string): number {
  const size = dims.reduce((product, dim) => product * BigInt(dim), 1n)
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(source, 'a countable size', `[${dims.join(', ')}]`)
  return Number(size)
}

export interface IdxHeader {
  readonly dims: readonly number[]
  /** Where the data starts, in bytes */
  readonly start: number
  /** How many bytes of data follow */
  readonly size: number
}

/**
 * The header at the start of `bytes`, or undefined if it goes on behind their end.
 *
 * @throws GpdError `data.corrupt` as soon as the bytes show that this is no IDX file we read
 */
export function readHeader(bytes: Uint8Array, source: string): IdxHeader | undefined {
  if (bytes.length < MAGIC_BYTES) return undefined
  const rank = readRank(bytes.subarray(0, MAGIC_BYTES), source)
  const start = headerBytes(rank)
  if (bytes.length < start) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(MAGIC_BYTES + SIZE_BYTES * i))
  return { dims, start, size: countElements(dims, source) }
}
