import * as tf from '@tensorflow/tfjs'
import type { BatchNormAttributes, RescaleAttributes } from '@gpdjs/core'
import type { LayerWriter } from '../writer.ts'

export const batchNormalization: LayerWriter = (written) => {
  const { epsilon, momentum } = written.node.attributes as unknown as BatchNormAttributes
  const weights = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => written.tensor(name))
  return written.apply(tf.layers.batchNormalization({ name: written.node.id, epsilon, momentum }), undefined, weights)
}

export const layerNormalization: LayerWriter = (written) => {
  const { epsilon } = written.node.attributes as { epsilon: number }
  const weights = ['weight', 'bias'].map((name) => written.tensor(name))
  return written.apply(tf.layers.layerNormalization({ name: written.node.id, epsilon }), undefined, weights)
}

/** One number where all channels have the same: what Keras' own models hold. */
const shortest = (values: readonly number[]): number | number[] =>
  values.every((value) => value === values[0]) ? values[0]! : [...values]

/** Keras' Rescaling takes a number, or one for each channel; the types of TensorFlow.js know the first only. */
export const rescaling: LayerWriter = (written) => {
  const { factor, shift } = written.node.attributes as unknown as RescaleAttributes
  const numbers = { scale: shortest(factor), offset: shortest(shift) } as { scale: number; offset: number }
  return written.apply(tf.layers.rescaling({ name: written.node.id, ...numbers }))
}
