import { tfPadding, type Window } from '@gpdjs/core'
import type { OnnxAttribute } from '../model-proto.ts'
import type { EmittedNode } from '../emitter.ts'

/** Rows (or columns) that a window adds before and after, along one axis. TensorFlow's `same` puts the odd one last. */
function sides(size: number, positions: number, window: Window): [before: number, after: number] {
  const padding = tfPadding(window)
  if (typeof padding === 'number') return [padding, padding]
  if (padding === 'valid') return [0, 0]
  const total = Math.max((positions - 1) * window.strides + window.kernelSize - size, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** A sliding window in ONNX's words, all padding as numbers. */
export function windowAttributes({ attributes, inputShape, outputShape }: EmittedNode): Record<string, OnnxAttribute> {
  const window = attributes as unknown as Window
  const [top, bottom] = sides(inputShape[0]!, outputShape[0]!, window)
  const [left, right] = sides(inputShape[1]!, outputShape[1]!, window)
  const { kernelSize, strides } = window
  return { kernel_shape: [kernelSize, kernelSize], strides: [strides, strides], pads: [top, left, bottom, right] }
}
