import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, optional, type Filled, type Kind } from '../options/option.ts'
import type { Shape } from '../shape.ts'

/** Rows or columns that a sliding window adds around an image: a number on every side, TensorFlow's `same`, or none. */
export type Padding = number | 'same' | 'valid'

export type Pair = readonly [rows: number, columns: number]

const pair = kinds.listOf(kinds.count, { length: 2, expected: 'a list [rows, columns]' }) as Kind<Pair>

/** A number for rows and columns alike, or one for each. */
const sizes = kinds.either(kinds.count, pair)

/** Attributes of a sliding window, with the defaults of one op. */
export const windowOptions = (strides: number, padding: Padding) => ({
  /** Rows and columns that it covers: one number, or `[rows, columns]`. */
  kernelSize: needed(sizes),
  /** Rows and columns from one position to the next: one number, or `[rows, columns]`. */
  strides: option(sizes, strides),
  /** Rows and columns added on every side, TensorFlow's `'same'`, or none: `'valid'`. */
  padding: option(kinds.either(kinds.oneOf('same', 'valid'), kinds.countOrNone), padding),
})

export const DILATION = {
  /** Rows and columns from one number of the kernel to the next: one number, or `[rows, columns]` (default 1). */
  dilation: optional(sizes),
}

export type Window = Filled<ReturnType<typeof windowOptions>> & Partial<Filled<typeof DILATION>>

export const pairOf = (size: number | Pair): Pair => (typeof size === 'number' ? [size, size] : size)

/** As functions of TensorFlow.js take it. */
export const tfSize = (size: number | Pair): number | [number, number] =>
  typeof size === 'number' ? size : [size[0], size[1]]

const both = (f: (axis: 0 | 1) => number): [rows: number, columns: number] => [f(0), f(1)]

/** Rows and columns from the first number of the kernel to the last, both included. */
export function windowExtent({ kernelSize, dilation = 1 }: Window): [rows: number, columns: number] {
  const [size, step] = [pairOf(kernelSize), pairOf(dilation)]
  return both((axis) => (size[axis] - 1) * step[axis] + 1)
}

export const windowStrides = ({ strides }: Window): [rows: number, columns: number] => [...pairOf(strides)]

/** Numbers that a window covers. */
export const windowArea = ({ kernelSize }: Window): number => {
  const [rows, columns] = pairOf(kernelSize)
  return rows * columns
}

/**
 * `[height, width]` after a window has slid over an image.
 *
 * @throws GpdError `network.shape` if the input is no image or the window does not fit
 */
export function slide(node: string, shape: Shape, window: Window): [number, number] {
  if (shape.length !== 3) {
    throw new GpdError(
      'network.shape',
      `Node '${node}': expected an image [height, width, channels], got [${shape.join(', ')}].`,
    )
  }
  const [extent, strides, { padding }] = [windowExtent(window), windowStrides(window), window]
  const result = both((axis) => {
    if (padding === 'same') return Math.ceil(shape[axis]! / strides[axis])
    const added = padding === 'valid' ? 0 : 2 * padding
    return Math.floor((shape[axis]! + added - extent[axis]) / strides[axis]) + 1
  })
  if (result.some((size) => !(size >= 1))) {
    throw new GpdError(
      'network.shape',
      `Node '${node}': a ${extent.join('x')} window does not fit into [${shape.join(', ')}].`,
      'Use larger images, a smaller kernel or more padding.',
    )
  }
  return result
}

/** The padding in TensorFlow's words where they mean the same: backends have their fast paths for it. */
export function tfPadding(window: Window): number | 'same' | 'valid' {
  const { padding } = window
  if (padding === 0) return 'valid'
  if (typeof padding !== 'number' || windowStrides(window).some((stride) => stride !== 1)) return padding
  return windowExtent(window).every((size) => 2 * padding === size - 1) ? 'same' : padding
}

type Sides = [before: number, after: number]
type ExplicitPadding = [Sides, Sides, Sides, Sides]

/** Strides, padding and rounding as functions of TensorFlow.js take them. */
export interface TfWindow {
  readonly strides: number | [number, number]
  readonly padding: number | 'same' | 'valid' | ExplicitPadding
  readonly rounding: 'floor' | undefined
}

/** A number as padding takes the rows' window and stride for the columns too, in TensorFlow.js; then each side is named. */
export function tfWindow(window: Window): TfWindow {
  const [padding, strides] = [tfPadding(window), tfSize(window.strides)]
  if (typeof padding !== 'number') return { strides, padding, rounding: undefined }
  const [extent, steps, sides] = [windowExtent(window), windowStrides(window), [padding, padding] as Sides]
  const isSquare = extent[0] === extent[1] && steps[0] === steps[1]
  return { strides, padding: isSquare ? padding : [[0, 0], sides, sides, [0, 0]], rounding: 'floor' }
}
