import { GpdError } from '@gpdjs/core'
import { smallFloats } from './small-floats.ts'

/**
 * One tensor of a safetensors file. Floats of 16 and 8 bits are widened to float32, which holds each of them exactly; all else
 * is kept as stored. Of a type in `UnreadType` the numbers are not read: to ask for its `data` throws.
 */
export type SafeTensor = { readonly shape: number[] } & (
  | { readonly dtype: 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0'; readonly data: Float32Array }
  | { readonly dtype: 'F64'; readonly data: Float64Array }
  | { readonly dtype: 'I8'; readonly data: Int8Array }
  | { readonly dtype: 'I16'; readonly data: Int16Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'U8' | 'BOOL'; readonly data: Uint8Array }
  | { readonly dtype: 'U16'; readonly data: Uint16Array }
  | { readonly dtype: 'U32'; readonly data: Uint32Array }
  | { readonly dtype: 'U64'; readonly data: BigUint64Array }
  | { readonly dtype: UnreadType; readonly data: never }
)

/** Legal types whose numbers are not read: floats of less than a byte, and complex numbers. */
export type UnreadType = 'F4' | 'F6_E2M3' | 'F6_E3M2' | 'C64'

export type ElementType = SafeTensor['dtype']

interface Decoder {
  /** Bits of one element in the file. */
  readonly bits: number
  /** Values of an own, aligned buffer that holds exactly the tensor's bytes; absent for what is not read. */
  decode?(buffer: ArrayBuffer): SafeTensor['data']
}

/** IEEE 754 binary16: `±2^(e−15)·(1 + f/1024)`; `±2^−14·f/1024` for e = 0; infinity or NaN for e = 31. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = (bits & 0x3ff) / 1024
  if (exponent === 0) return sign * 2 ** -14 * fraction
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * 2 ** (exponent - 15) * (1 + fraction)
}

/** bfloat16 is the upper half of a float32. */
function widenBrainFloats(buffer: ArrayBuffer): Float32Array {
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits * 0x10000).buffer)
}

const byTable =
  (table: Float32Array) =>
  (buffer: ArrayBuffer): Float32Array =>
    Float32Array.from(new Uint8Array(buffer), (bits) => table[bits]!)

const DECODERS: Record<ElementType, Decoder> = {
  F64: { bits: 64, decode: (buffer) => new Float64Array(buffer) },
  F32: { bits: 32, decode: (buffer) => new Float32Array(buffer) },
  F16: { bits: 16, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToFloat) },
  BF16: { bits: 16, decode: widenBrainFloats },
  F8_E4M3: { bits: 8, decode: byTable(smallFloats.e4m3) },
  F8_E5M2: { bits: 8, decode: byTable(smallFloats.e5m2) },
  F8_E8M0: { bits: 8, decode: byTable(smallFloats.e8m0) },
  I64: { bits: 64, decode: (buffer) => new BigInt64Array(buffer) },
  I32: { bits: 32, decode: (buffer) => new Int32Array(buffer) },
  I16: { bits: 16, decode: (buffer) => new Int16Array(buffer) },
  I8: { bits: 8, decode: (buffer) => new Int8Array(buffer) },
  U64: { bits: 64, decode: (buffer) => new BigUint64Array(buffer) },
  U32: { bits: 32, decode: (buffer) => new Uint32Array(buffer) },
  U16: { bits: 16, decode: (buffer) => new Uint16Array(buffer) },
  U8: { bits: 8, decode: (buffer) => new Uint8Array(buffer) },
  BOOL: { bits: 8, decode: (buffer) => new Uint8Array(buffer) },
  C64: { bits: 64 },
  F6_E2M3: { bits: 6 },
  F6_E3M2: { bits: 6 },
  F4: { bits: 4 },
}

export const elementTypes = Object.keys(DECODERS) as readonly ElementType[]

export const isElementType = (name: string): name is ElementType => Object.hasOwn(DECODERS, name)

export const elementBits = (dtype: ElementType): number => DECODERS[dtype].bits

/** A file with such a tensor can be read; it is in the way only of who wants its numbers. */
const unread = (dtype: ElementType, shape: number[], what: string): SafeTensor =>
  ({
    dtype,
    shape,
    get data(): never {
      throw new GpdError(
        'checkpoint.incompatible',
        `${what}: expected numbers that fit float32, got the type ${dtype}, which is not read.`,
        dtype === 'C64'
          ? 'Save its real and imaginary part as two tensors.'
          : 'Call `.float()` on it before it is saved.',
      )
    },
  }) as SafeTensor

/**
 * Copies a range of the file out of it, so that neither alignment nor the file's lifetime matters.
 *
 * @param what the tensor in messages
 */
export function decodeElements(dtype: ElementType, shape: number[], bytes: Uint8Array, what: string): SafeTensor {
  const { decode } = DECODERS[dtype]
  if (decode === undefined) return unread(dtype, shape, what)
  const { buffer } = new Uint8Array(bytes)
  return { dtype, shape, data: decode(buffer) } as SafeTensor
}
