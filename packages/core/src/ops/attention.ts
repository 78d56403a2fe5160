import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

export interface SelfAttentionAttributes {
  /** Heads of one copy. */
  readonly heads: number
  /** How many times `[q k v]` stands in the input: 1, or the expansion ratio of a widened network. */
  readonly copies: number
}

type Given = Pick<SelfAttentionAttributes, 'heads'> & Partial<SelfAttentionAttributes>

/** `softmax(q kᵀ / √d) v`, each `[batch · heads, tokens, d]`. */
function attend(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D): tf.Tensor3D {
  const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(q.shape[2])), k, false, true)
  return tf.matMul(tf.softmax(scores), v)
}

/**
 * Multi-head self-attention on `[tokens, 3 · channels]`, which a dense layer has made as `[q k v]`; `[tokens, channels]`
 * comes out. It has no parameters of its own.
 *
 * Expanding it repeats the heads and keeps their size, so that dot products and their scale `1 / √d` stay the same.
 *
 * @see Vaswani et al., "Attention Is All You Need", 2017
 */
export const selfAttention = defineOp<SelfAttentionAttributes, Given>({
  name: 'selfAttention',
  defaults: { copies: 1 },
  infer({ node, attributes: { heads, copies }, inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [tokens, width] = shape as [number, number]
    if (shape.length !== 2 || width % (3 * heads * copies) !== 0) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected tokens [tokens, 3 · channels] for ${heads} heads, got [${shape.join(', ')}].`,
      )
    }
    const made = groups.start(node, width / 3)
    groups.follow(made, channels)
    return { shape: [tokens, width / 3], channels: made, multiplyAdds: (2 * tokens * tokens * width) / 3 }
  },
  apply({ attributes: { heads, copies }, inputs }) {
    const x = inputs[0]!
    const [batch, tokens, width] = x.shape as [number, number, number]
    const size = width / (3 * heads * copies)
    // [batch, tokens, copies, 3, heads, size] → [3, batch · copies · heads, tokens, size]
    const parts = tf.transpose(tf.reshape(x, [batch, tokens, copies, 3, heads, size]), [3, 0, 2, 4, 1, 5])
    const [q, k, v] = tf.unstack(tf.reshape(parts, [3, batch * copies * heads, tokens, size])) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ]
    const y = tf.reshape(attend(q, k, v), [batch, copies, heads, tokens, size])
    return tf.reshape(tf.transpose(y, [0, 3, 1, 2, 4]), [batch, tokens, copies * heads * size])
  },
  widen: (attributes, { output }) => ({ ...attributes, copies: attributes.copies * output }),
})
