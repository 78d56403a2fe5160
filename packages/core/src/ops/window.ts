import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, type Filled } from '../options/option.ts'
import type { Shape } from '../shape.ts'

/** Rows or columns that a sliding window adds around an image: a number on every side, TensorFlow's `same`, or none. */
export type Padding = number | 'same' | 'valid'

/** Attributes of a sliding window, with the defaults of one op. */
export const windowOptions = (strides: number, padding: Padding) => ({
  /** Rows and columns that it covers. */
  kernelSize: needed(kinds.count),
  /** Rows and columns from one position to the next. */
  strides: option(kinds.count, strides),
  /** Rows and columns added on every side, TensorFlow's `'same'`, or none: `'valid'`. */
  padding: option(kinds.either(kinds.oneOf('same', 'valid'), kinds.countOrNone), padding),
})

export type Window = Filled<ReturnType<typeof windowOptions>>

/** Number of window positions along one dimension. */
function positions(size: number, { kernelSize, strides, padding }: Window): number {
  if (padding === 'same') return Math.ceil(size / strides)
  return Math.floor((size + 2 * (padding === 'valid' ? 0 : padding) - kernelSize) / strides) + 1
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
  const result: [number, number] = [positions(shape[0]!, window), positions(shape[1]!, window)]
  if (result.some((size) => !(size >= 1))) {
    throw new GpdError(
      'network.shape',
      `Node '${node}': a ${window.kernelSize}x${window.kernelSize} window does not fit into [${shape.join(', ')}].`,
      'Use larger images, a smaller kernel or more padding.',
    )
  }
  return result
}

/** The padding as TensorFlow.js takes it. `same` where it means the same: backends have their fast paths for it. */
export function tfPadding({ kernelSize, strides, padding }: Window): number | 'same' | 'valid' {
  if (padding === 0) return 'valid'
  return strides === 1 && typeof padding === 'number' && 2 * padding === kernelSize - 1 ? 'same' : padding
}

export const roundingMode = (padding: Padding): 'floor' | undefined =>
  typeof padding === 'number' ? 'floor' : undefined
