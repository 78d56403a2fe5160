import * as tf from '@tensorflow/tfjs'
import { tfPadding, windowExtent, windowStrides, type Window } from '@gpdjs/core'
import type { WrittenNode } from '../writer.ts'

/** Whether `padding` pixels on every side read the same numbers as TensorFlow's `same`, along one axis. */
function asSame({ inputShape, outputShape }: WrittenNode, window: Window, axis: 0 | 1): boolean {
  const [size, positions, strides] = [inputShape[axis]!, outputShape[axis]!, windowStrides(window)[axis]]
  const total = Math.max((positions - 1) * strides + windowExtent(window)[axis] - size, 0)
  return positions === Math.ceil(size / strides) && Math.floor(total / 2) === window.padding
}

/** The padding in Keras' words, or how many zeros must be put around the image before a `valid` window. */
export function kerasPadding(written: WrittenNode): 'same' | 'valid' | number {
  const window = written.node.attributes as unknown as Window
  const padding = tfPadding(window)
  if (typeof padding !== 'number') return padding
  return asSame(written, window, 0) && asSame(written, window, 1) ? 'same' : padding
}

/** The input, with zeros around it where Keras has no word for the padding. */
export function padded(written: WrittenNode): { input: tf.SymbolicTensor; padding: 'same' | 'valid' } {
  const padding = kerasPadding(written)
  if (typeof padding === 'string') return { input: written.inputs[0]!, padding }
  return { input: written.apply(tf.layers.zeroPadding2d({ name: written.name('pad'), padding })), padding: 'valid' }
}
