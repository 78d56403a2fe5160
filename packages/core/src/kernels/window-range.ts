/** One dimension of a convolution or pooling: an input of `size`, read at `position · stride + tap − before`. */
export interface Dimension {
  readonly size: number
  readonly outSize: number
  readonly taps: number
  readonly stride: number
  /** Padding before the input. */
  readonly before: number
}

/** Output positions `[first, last)` at which a tap falls inside the input. */
export function positionsInside({ size, outSize, stride, before }: Dimension, tap: number): [first: number, last: number] {
  const first = Math.max(0, Math.ceil((before - tap) / stride))
  const last = Math.min(outSize, Math.floor((size - 1 + before - tap) / stride) + 1)
  return [first, Math.max(first, last)]
}
