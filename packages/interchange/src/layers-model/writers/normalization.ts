import * as tf from '@tensorflow/tfjs'
import type { BatchNormAttributes } from '@gpdjs/core'
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
