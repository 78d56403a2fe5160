import * as tf from '@tensorflow/tfjs'
import { expectMask, expectRank } from './expect-rank.ts'
import { defineOp } from './op.ts'

/** `Σ_t m_t x_t / Σ_t m_t`, and 0 where no token counts. */
function maskedMean(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const sum = tf.sum(tf.mul(x, tf.expandDims(mask, -1)), 1)
  return tf.div(sum, tf.maximum(tf.sum(mask, 1, true), 1e-6))
}

/**
 * Mean over tokens: `[tokens, channels]` → `[channels]`.
 *
 * A second input `[tokens]` holds the weight of each token: 1, or 0 for padding.
 */
export const meanToken = defineOp({
  name: 'meanToken',
  arity: [1, 2],
  infer(context) {
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    expectMask(context, tokens)
    return { shape: [channels], channels: context.inputs[0]!.channels }
  },
  apply: ({ inputs: [x, mask] }) => (mask === undefined ? tf.mean(x!, 1) : maskedMean(x!, mask)),
})
