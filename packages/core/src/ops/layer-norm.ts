import * as tf from '@tensorflow/tfjs'
import { channelAxis } from '../network/axes.ts'
import { ones, zeros } from '../network/parameters.ts'
import { defineOp } from './op.ts'

export interface LayerNormAttributes {
  readonly epsilon: number
}

/**
 * Layer normalization over the last axis. Copies of the channels have the same mean and variance as the channels, so
 * an expanded network normalizes alike.
 *
 * @see Ba, Kiros and Hinton, "Layer Normalization", 2016
 */
export const layerNorm = defineOp<LayerNormAttributes, Partial<LayerNormAttributes>>({
  name: 'layerNorm',
  defaults: { epsilon: 1e-6 },
  infer({ inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const axes = [channelAxis(groups.tieAll(channels))]
    return {
      shape,
      channels,
      parameters: [
        { name: 'weight', axes, initializer: ones, decay: false },
        { name: 'bias', axes, initializer: zeros, decay: false },
      ],
    }
  },
  apply({ attributes, inputs, parameters }) {
    const { mean, variance } = tf.moments(inputs[0]!, -1, true)
    const normal = tf.mul(tf.sub(inputs[0]!, mean), tf.rsqrt(tf.add(variance, attributes.epsilon)))
    return tf.add(tf.mul(normal, parameters['weight']!), parameters['bias']!)
  },
})
