import * as tf from '@tensorflow/tfjs'
import { channelAxis, fixedAxis } from '../axes/axes.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { relu } from '../tensor-ops/relu.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** The slopes before training (default 0.25). */
  initial: option(kinds.finite, 0.25),
  /** Whether each position has slopes of its own, as in Keras without `sharedAxes` (default `false`: one for each channel). */
  perPosition: option(kinds.flag, false),
}

/**
 * `x` where it is positive, else `slope · x`, with a learned slope for each channel, `weight` `[channels]`, or for each
 * channel of each position, `weight` `[…, channels]`.
 *
 * @example g.add('act', prelu(), 'image')
 * @see He et al., "Delving Deep into Rectifiers", ICCV 2015
 */
export const prelu = defineOp({
  name: 'prelu',
  attributes: ATTRIBUTES,
  infer({ attributes: { initial, perPosition }, inputs }) {
    const { shape, channels } = inputs[0]!
    const positions = perPosition ? shape.slice(0, -1) : []
    const weight = {
      name: 'weight',
      axes: [...positions.map(fixedAxis), channelAxis(channels)],
      initializer: { kind: 'constant', value: initial } as const,
      decay: false,
    }
    return { shape, channels, parameters: [weight] }
  },
  apply: ({ inputs, parameters }) => tf.add(relu(inputs[0]!), tf.mul(tf.minimum(inputs[0]!, 0), parameters['weight']!)),
})
