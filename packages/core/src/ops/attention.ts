import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { stopGradient } from '../tensor-ops/stop-gradient.ts'
import { expectMask } from './expect-rank.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, type Filled } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Heads of one copy. */
  heads: needed(kinds.count),
  /** Whether each token attends only to itself and to the tokens before it (default `false`). */
  causal: option(kinds.flag, false),
  /** How many times `[q k v]` stands in the input: 1, or the expansion ratio of a widened network (default 1). */
  copies: option(kinds.count, 1),
}

export type SelfAttentionAttributes = Filled<typeof ATTRIBUTES>

/** Score of a masked key: softmax gives exactly 0, and not NaN if all keys are masked. */
const UNSEEN = -1e9

/** `[tokens, tokens]`, added to scores: rows are queries, columns are keys. */
const causalScores = (tokens: number): tf.Tensor =>
  tf.tensor2d(
    new Float32Array(tokens ** 2).map((_, i) => (i % tokens > Math.floor(i / tokens) ? UNSEEN : 0)),
    [tokens, tokens],
  )

/** What is added to scores `[batch, heads, queries, keys]`, where anything is. */
function hidden({ causal }: SelfAttentionAttributes, tokens: number, mask?: tf.Tensor): tf.Tensor | undefined {
  const later = causal ? causalScores(tokens) : undefined
  if (mask === undefined) return later
  const padding = tf.reshape(tf.mul(tf.sub(1, stopGradient(mask)), UNSEEN), [-1, 1, 1, tokens])
  return later === undefined ? padding : tf.add(padding, later)
}

/** `softmax(q kᵀ / √d) v`, each `[batch · heads, tokens, d]`; `unseen` is added to the scores of each of the heads. */
function attend(q: tf.Tensor3D, k: tf.Tensor3D, v: tf.Tensor3D, heads: number, unseen?: tf.Tensor): tf.Tensor3D {
  const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(q.shape[2])), k, false, true)
  if (unseen === undefined) return tf.matMul(tf.softmax(scores), v)
  const ofHeads = tf.reshape(scores, [-1, heads, ...scores.shape.slice(1)])
  return tf.matMul(tf.softmax(tf.reshape(tf.add(ofHeads, unseen), scores.shape as [number, number, number])), v)
}

/**
 * Multi-head self-attention on `[tokens, 3 · channels]`, which a dense layer has made as `[q k v]`; `[tokens, channels]`
 * comes out. It has no parameters of its own. A second input `[tokens]` is 1 for tokens and 0 for padding, to which no
 * token attends then (no gradient flows into it); ignore the output at padded places.
 *
 * Expanding it repeats the heads and keeps their size, so that dot products and their scale `1 / √d` stay the same.
 *
 * @see Vaswani et al., "Attention Is All You Need", 2017
 */
export const selfAttention = defineOp({
  name: 'selfAttention',
  arity: [1, 2],
  attributes: ATTRIBUTES,
  infer(context) {
    const { node, attributes, inputs, groups } = context
    const { heads, copies } = attributes
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [tokens, width] = shape as [number, number]
    if (shape.length !== 2 || width % (3 * heads * copies) !== 0) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected tokens [tokens, 3 · channels] for ${heads} heads, got [${shape.join(', ')}].`,
      )
    }
    expectMask(context, tokens)
    const made = groups.start(node, width / 3)
    groups.follow(made, channels)
    return { shape: [tokens, width / 3], channels: made, multiplyAdds: (2 * tokens * tokens * width) / 3 }
  },
  apply({ attributes, inputs: [given, mask] }) {
    const { heads, copies } = attributes
    const x = given!
    const [batch, tokens, width] = x.shape as [number, number, number]
    const size = width / (3 * heads * copies)
    // [batch, tokens, copies, 3, heads, size] → [3, batch · copies · heads, tokens, size]
    const parts = tf.transpose(tf.reshape(x, [batch, tokens, copies, 3, heads, size]), [3, 0, 2, 4, 1, 5])
    const [q, k, v] = tf.unstack(tf.reshape(parts, [3, batch * copies * heads, tokens, size])) as [
      tf.Tensor3D,
      tf.Tensor3D,
      tf.Tensor3D,
    ]
    const mixed = attend(q, k, v, copies * heads, hidden(attributes, tokens, mask))
    const y = tf.reshape(mixed, [batch, copies, heads, tokens, size])
    return tf.reshape(tf.transpose(y, [0, 3, 1, 2, 4]), [batch, tokens, copies * heads * size])
  },
  widen: (attributes, { output }) => ({ ...attributes, copies: attributes.copies * output }),
})
