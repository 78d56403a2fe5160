import * as tf from '@tensorflow/tfjs'
import { defineOp } from './op.ts'

/**
 * `exp(x_c) / Σ_j exp(x_j)` along the last axis: probabilities out of logits. For networks that are given away; losses read
 * logits. Its channels keep their number in every expansion: copies would share the probability.
 *
 * @example g.add('probabilities', softmax(), 'fc')
 */
export const softmax = defineOp({
  name: 'softmax',
  infer({ inputs, groups }) {
    const { shape, channels } = inputs[0]!
    groups.fix(channels)
    return { shape, channels }
  },
  apply: ({ inputs }) => tf.softmax(inputs[0]!),
})
