/** One tensor of a safetensors file: half-precision numbers are widened, everything else is kept as stored. */
export type SafeTensor = { readonly shape: number[] } & (
  | { readonly dtype: 'F32' | 'F16' | 'BF16'; readonly data: Float32Array }
  | { readonly dtype: 'I32'; readonly data: Int32Array }
  | { readonly dtype: 'I64'; readonly data: BigInt64Array }
  | { readonly dtype: 'U8' | 'BOOL'; readonly data: Uint8Array }
)

export type ElementType = SafeTensor['dtype']

interface Decoder {
  /** Bytes of one element in the file. */
  readonly size: number
  /** Values of an own, aligned buffer that holds exactly the tensor's bytes. */
  decode(buffer: ArrayBuffer): SafeTensor['data']
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

const DECODERS: Record<ElementType, Decoder> = {
  F32: { size: 4, decode: (buffer) => new Float32Array(buffer) },
  F16: { size: 2, decode: (buffer) => Float32Array.from(new Uint16Array(buffer), halfToFloat) },
  BF16: { size: 2, decode: widenBrainFloats },
  I32: { size: 4, decode: (buffer) => new Int32Array(buffer) },
  I64: { size: 8, decode: (buffer) => new BigInt64Array(buffer) },
  U8: { size: 1, decode: (buffer) => new Uint8Array(buffer) },
  BOOL: { size: 1, decode: (buffer) => new Uint8Array(buffer) },
}

export const elementTypes = Object.keys(DECODERS) as readonly ElementType[]

export const isElementType = (name: string): name is ElementType => Object.hasOwn(DECODERS, name)

export const elementSize = (dtype: ElementType): number => DECODERS[dtype].size

/** Copies a range of the file out of it, so that neither alignment nor the file's lifetime matters. */
export function decodeElements(dtype: ElementType, shape: number[], bytes: Uint8Array): SafeTensor {
  const buffer = new Uint8Array(bytes).buffer
  return { dtype, shape, data: DECODERS[dtype].decode(buffer) } as SafeTensor
}
