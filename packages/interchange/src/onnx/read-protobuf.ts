/**
 * Protocol buffers, reading: the fields of a message, with every length checked against the bytes that are there.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** What stands behind a tag: a whole number, or bytes. Of 32 and 64 bit numbers only the bytes are known. */
export type FieldValue = bigint | Uint8Array

/** Thrown for bytes that are no message; the caller knows what file they are from. */
export class NoMessage extends Error {}

const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 }
/** A number of 64 bits takes ten bytes of seven bits. */
const LONGEST = 10

class Reader {
  #position = 0

  constructor(private readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.#position >= this.bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let i = 0; i < LONGEST; i++) {
      const byte = this.bytes[this.#position++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value
    }
    throw new NoMessage('a number is not complete')
  }

  take(length: bigint): Uint8Array {
    const left = this.bytes.length - this.#position
    if (length > BigInt(left)) throw new NoMessage(`${length} bytes are announced, ${left} are there`)
    const start = this.#position
    this.#position += Number(length)
    return this.bytes.subarray(start, this.#position)
  }

  value(wire: number): FieldValue {
    if (wire === 0) return this.varint()
    if (wire === 2) return this.take(this.varint())
    const length = FIXED[wire]
    if (length === undefined) throw new NoMessage(`fields of kind ${wire} do not exist`)
    return this.take(BigInt(length))
  }
}

/** The values of each field of a message, by its number, in the order of the file. */
export function readFields(bytes: Uint8Array): ReadonlyMap<number, readonly FieldValue[]> {
  const reader = new Reader(bytes)
  const fields = new Map<number, FieldValue[]>()
  while (!reader.done) {
    const tag = Number(reader.varint())
    const field = Math.floor(tag / 8)
    const values = fields.get(field) ?? []
    values.push(reader.value(tag % 8))
    fields.set(field, values)
  }
  return fields
}
