import * as tf from '@tensorflow/tfjs'
import { defineOp } from './op.ts'

/**
 * `y = x / ‖x‖` along the last axis, for scores by cosine; 0 stays 0. Its channels keep their number in every expansion:
 * copies would make the length larger.
 */
export const unitLength = defineOp({
  name: 'unitLength',
  infer({ inputs, groups }) {
    const { shape, channels } = inputs[0]!
    groups.fix(channels)
    return { shape, channels }
  },
  apply({ inputs }) {
    const x = inputs[0]!
    return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), -1, true), 1e-12)))
  },
})
