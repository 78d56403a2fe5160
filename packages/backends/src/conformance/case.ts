import type * as tf from '@tensorflow/tfjs'

/**
 * What an input is filled with. `distinct`: shuffled multiples of 0.05 around zero, far enough apart that small steps
 * swap no two of them; `negative`: the same, all below zero; `positive`: uniform in [0.5, 1.5].
 */
export type Filling = 'normal' | 'distinct' | 'negative' | 'positive'

export interface ConformanceCase {
  readonly name: string
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly filling?: Filling }>>
  readonly f: (inputs: Readonly<Record<string, tf.Tensor>>) => tf.Tensor
  /** False where only values are compared. */
  readonly differentiable?: boolean
  /**
   * What of tfjs 4.22 fails this case, one repair each: `'gradient Cumsum'` of core, `'wasm MaxPoolGrad'` of a backend. A
   * test holds the repairs to that.
   */
  readonly fails?: readonly string[]
  /** Backends that refuse it with a GpdError. */
  readonly refusedBy?: readonly string[]
}

export type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
export type Pair = number | [number, number]

export const pairOf = (pair: Pair): [number, number] => (typeof pair === 'number' ? [pair, pair] : pair)
export const rounding = (pad: Pad) => (typeof pad === 'string' ? undefined : ('floor' as const))
export const explicit = (top: number, bottom: number, left: number, right: number): Pad => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
]
export const describe = (...parts: unknown[]) => parts.map((part) => JSON.stringify(part)).join(' ')

// [batch, height, width, channels], filters (or multiplier), window, strides, padding
export type Windowed = readonly [
  image: readonly [number, number, number, number],
  filters: number,
  window: Pair,
  strides: Pair,
  pad: Pad,
]
