/**
 * Protocol buffers, writing only: as much of the wire format as an ONNX file needs.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** A field with its tag, or several of them: messages are concatenations of fields. */
export type Bytes = Uint8Array

/** How a value is laid out after its tag. */
const WIRE = { varint: 0, lengthDelimited: 2, fixed32: 5 } as const

export function concatBytes(parts: readonly Bytes[]): Bytes {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let position = 0
  for (const part of parts) {
    result.set(part, position)
    position += part.length
  }
  return result
}

/** Seven bits per byte, lowest first; negative numbers as 64-bit two's complement. */
export function varint(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return Uint8Array.from([...bytes, Number(rest)])
}

const tag = (field: number, wire: number): Bytes => varint((field << 3) | wire)

export const integer = (field: number, value: number | bigint): Bytes =>
  concatBytes([tag(field, WIRE.varint), varint(value)])

export const integers = (field: number, values: readonly number[]): Bytes =>
  concatBytes(values.map((value) => integer(field, value)))

/** A 32-bit number, little-endian. */
export function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return concatBytes([tag(field, WIRE.fixed32), bytes])
}

export const bytesField = (field: number, value: Bytes): Bytes =>
  concatBytes([tag(field, WIRE.lengthDelimited), varint(value.length), value])

export const text = (field: number, value: string): Bytes => bytesField(field, new TextEncoder().encode(value))

export const texts = (field: number, values: readonly string[]): Bytes =>
  concatBytes(values.map((value) => text(field, value)))

/** A message inside a message. */
export const message = (field: number, ...parts: readonly Bytes[]): Bytes => bytesField(field, concatBytes(parts))
