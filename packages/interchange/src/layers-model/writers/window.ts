import * as tf from '@tensorflow/tfjs'
import { tfPadding, type Window } from '@gpdjs/core'
import type { WrittenNode } from '../writer.ts'

/** Whether a number of pixels on every side reads the same numbers as TensorFlow's `same`, along one axis. */
function asSame(size: number, positions: number, { kernelSize, strides, padding }: Window): boolean {
  const total = Math.max((positions - 1) * strides + kernelSize - size, 0)
  return positions === Math.ceil(size / strides) && Math.floor(total / 2) === padding
}

/** The padding in Keras' words, or how many zeros must be put around the image before a `valid` window. */
export function kerasPadding({ node, inputShape, outputShape }: WrittenNode): 'same' | 'valid' | number {
  const window = node.attributes as unknown as Window
  const padding = tfPadding(window)
  if (typeof padding !== 'number') return padding
  return [0, 1].every((axis) => asSame(inputShape[axis]!, outputShape[axis]!, window)) ? 'same' : padding
}

/** The input, with zeros around it where Keras has no word for the padding. */
export function padded(written: WrittenNode): { input: tf.SymbolicTensor; padding: 'same' | 'valid' } {
  const padding = kerasPadding(written)
  if (typeof padding === 'string') return { input: written.inputs[0]!, padding }
  return { input: written.apply(tf.layers.zeroPadding2d({ name: written.name('pad'), padding })), padding: 'valid' }
}
