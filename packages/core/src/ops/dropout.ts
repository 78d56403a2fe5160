import * as tf from '@tensorflow/tfjs'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Share of values set to zero, 0 ≤ rate < 1. */
  rate: needed(kinds.rate),
}

/**
 * Dropout: zero with probability `rate`, the rest divided by `1 − rate`. The mask comes from the step's own random
 * stream, so a step can be replayed (a seeded `tf.dropout` would draw one mask for ever).
 *
 * @see Srivastava et al., "Dropout", 2014
 */
export const dropout = defineOp({
  name: 'dropout',
  attributes: ATTRIBUTES,
  infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
  apply({ attributes: { rate }, inputs, training, random }) {
    const x = inputs[0]!
    if (!training || rate === 0) return x
    const stream = random()
    const kept = 1 / (1 - rate)
    const mask = Float32Array.from({ length: x.size }, () => (stream.uniform() < rate ? 0 : kept))
    return tf.mul(x, tf.tensor(mask, x.shape))
  },
})
