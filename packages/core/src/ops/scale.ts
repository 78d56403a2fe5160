import * as tf from '@tensorflow/tfjs'
import { channelAxis } from '../axes/axes.ts'
import { defineOp } from './op.ts'

export interface ScaleAttributes {
  readonly initial: number
}

/**
 * One learned factor per channel (layer scale).
 *
 * @see Touvron et al., "Going deeper with Image Transformers", 2021
 */
export const scale = defineOp<ScaleAttributes, Partial<ScaleAttributes>>({
  name: 'scale',
  defaults: { initial: 1e-6 },
  infer({ attributes: { initial }, inputs }) {
    const { shape, channels } = inputs[0]!
    return {
      shape,
      channels,
      parameters: [
        {
          name: 'gamma',
          axes: [channelAxis(channels)],
          initializer: { kind: 'constant', value: initial },
          decay: false,
        },
      ],
    }
  },
  apply: ({ inputs, parameters }) => tf.mul(inputs[0]!, parameters['gamma']!),
})
