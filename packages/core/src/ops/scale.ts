import * as tf from '@tensorflow/tfjs'
import { channelAxis } from '../axes/axes.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** The factors before training (default 1e-6). */
  initial: option(kinds.finite, 1e-6),
}

/**
 * One learned factor per channel (layer scale).
 *
 * @see Touvron et al., "Going deeper with Image Transformers", 2021
 */
export const scale = defineOp({
  name: 'scale',
  attributes: ATTRIBUTES,
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
