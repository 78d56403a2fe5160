/** How a float of eight bits is made: a sign, unless it has none, then exponent and fraction. */
interface SmallFormat {
  readonly fractionBits: number
  readonly bias: number
  readonly isSigned: boolean
  /** What the bits without the sign are, where they are no number. */
  readonly special: (bits: number) => number | undefined
}

/** `±2^(e − bias)·(1 + f)`; `±2^(1 − bias)·f` for e = 0, where there is a fraction. */
function value(bits: number, { fractionBits, bias, isSigned, special }: SmallFormat): number {
  const sign = isSigned && bits & 0x80 ? -1 : 1
  const magnitude = isSigned ? bits & 0x7f : bits
  const known = special(magnitude)
  if (known !== undefined) return sign * known
  const exponent = magnitude >> fractionBits
  const fraction = (magnitude & ((1 << fractionBits) - 1)) / (1 << fractionBits)
  const isSubnormal = exponent === 0 && fractionBits > 0
  return sign * (isSubnormal ? 2 ** (1 - bias) * fraction : 2 ** (exponent - bias) * (1 + fraction))
}

const tableOf = (format: SmallFormat): Float32Array =>
  Float32Array.from({ length: 256 }, (_, bits) => value(bits, format))

/**
 * The numbers of the floats of eight bits, by their bits. float32 holds each of them exactly.
 *
 * - e4m3 has no infinity, and NaN only where all bits are set (PyTorch's `float8_e4m3fn`)
 * - e5m2 is the upper half of a binary16
 * - e8m0 is a power of two, the scale of a block
 *
 * @see Micikevicius et al., "FP8 Formats for Deep Learning", 2022; "OCP Microscaling Formats (MX) Specification", 2023
 */
export const smallFloats = {
  e4m3: tableOf({ fractionBits: 3, bias: 7, isSigned: true, special: (bits) => (bits === 0x7f ? NaN : undefined) }),
  e5m2: tableOf({
    fractionBits: 2,
    bias: 15,
    isSigned: true,
    special: (bits) => (bits < 0x7c ? undefined : bits === 0x7c ? Infinity : NaN),
  }),
  e8m0: tableOf({ fractionBits: 0, bias: 127, isSigned: false, special: (bits) => (bits === 0xff ? NaN : undefined) }),
} as const
