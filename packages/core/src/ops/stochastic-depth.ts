import * as tf from '@tensorflow/tfjs'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Share of samples for which the branch is left out, 0 ≤ rate < 1. */
  rate: needed(kinds.rate),
}

/**
 * Leaves a whole residual branch out for some samples of a training batch, and divides by `1 − rate` for the others.
 *
 * @see Huang et al., "Deep Networks with Stochastic Depth", 2016
 */
export const stochasticDepth = defineOp({
  name: 'stochasticDepth',
  attributes: ATTRIBUTES,
  infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
  apply({ attributes: { rate }, inputs, training, random }) {
    const x = inputs[0]!
    if (!training || rate === 0) return x
    const stream = random()
    const kept = Float32Array.from({ length: x.shape[0]! }, () => (stream.uniform() < rate ? 0 : 1 / (1 - rate)))
    return tf.mul(x, tf.tensor(kept, [x.shape[0]!, ...x.shape.slice(1).map(() => 1)]))
  },
})
