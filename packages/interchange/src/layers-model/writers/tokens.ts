import * as tf from '@tensorflow/tfjs'
import type { LayerWriter } from '../writer.ts'
import { cropColumns } from './crop.ts'
import { plusEach } from './per-channel.ts'

/** Tokens in front: zeros, to which the learned ones are added. */
export const prependTokens: LayerWriter = (written) => {
  const { inputs, inputShape, outputShape, name, apply } = written
  const [tokens, channels] = inputShape as [number, number]
  const count = outputShape[0]! - tokens
  const image = apply(tf.layers.reshape({ name: name('image'), targetShape: [tokens, channels, 1] }), inputs[0]!)
  const padding: [[number, number], [number, number]] = [
    [count, 0],
    [0, 0],
  ]
  const longer = apply(tf.layers.zeroPadding2d({ name: name('pad'), padding }), image)
  const others = tf.zeros([tokens, channels])
  return plusEach(written, longer, tf.concat([written.tensor('token'), others]))
}

export const positionEmbedding: LayerWriter = (written) =>
  plusEach(written, written.inputs[0]!, written.tensor('embedding'))

/** Tokens are rows; {@link cropColumns} takes them as columns of a matrix, which Keras can crop. */
export const takeToken: LayerWriter = (written) => {
  const { inputs, inputShape, node, name, apply } = written
  const [tokens, channels] = inputShape as [number, number]
  const { index } = node.attributes as { index: number }
  const row = tf.layers.reshape({ name: name('row'), targetShape: [1, tokens * channels] })
  const taken = cropColumns(written, apply(row, inputs[0]!), [index * channels, (index + 1) * channels], 'token')
  return apply(tf.layers.reshape({ name: node.id, targetShape: [channels] }), taken)
}
