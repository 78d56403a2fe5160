import { pairOf, tfPadding, windowExtent, windowStrides, type Window } from '@gpdjs/core'
import type { OnnxAttribute } from '../model-proto.ts'
import type { EmittedNode } from '../emitter.ts'

/** Rows (axis 0) or columns (axis 1) that a window adds before and after. TensorFlow's `same` puts the odd one last. */
function sides({ inputShape, outputShape }: EmittedNode, window: Window, axis: 0 | 1): [before: number, after: number] {
  const padding = tfPadding(window)
  if (typeof padding === 'number') return [padding, padding]
  if (padding === 'valid') return [0, 0]
  const reach = (outputShape[axis]! - 1) * windowStrides(window)[axis] + windowExtent(window)[axis]
  const total = Math.max(reach - inputShape[axis]!, 0)
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}

/** A sliding window in ONNX's words, all padding as numbers. */
export function windowAttributes(node: EmittedNode): Record<string, OnnxAttribute> {
  const window = node.attributes as unknown as Window
  const [[top, bottom], [left, right]] = [sides(node, window, 0), sides(node, window, 1)]
  return {
    kernel_shape: [...pairOf(window.kernelSize)],
    strides: windowStrides(window),
    pads: [top, left, bottom, right],
  }
}
