import * as tf from '@tensorflow/tfjs'
import type { SelfAttentionAttributes } from '../../ops/attention.ts'
import { unwritable, type LayerWriter, type WrittenNode } from '../writer.ts'
import { cropColumns } from './crop.ts'

/** `softmax(q kᵀ / √d) v` of one head, each `[tokens, d]`. */
function head(
  { apply, name }: WrittenNode,
  [q, k, v]: readonly [tf.SymbolicTensor, tf.SymbolicTensor, tf.SymbolicTensor],
  part: string,
): tf.SymbolicTensor {
  const size = q.shape[2]!
  const scores = apply(tf.layers.dot({ name: name(`${part}/scores`), axes: 2 }), [q, k])
  const scaled = apply(tf.layers.rescaling({ name: name(`${part}/scale`), scale: 1 / Math.sqrt(size) }), scores)
  const weights = apply(tf.layers.softmax({ name: name(`${part}/weights`), axis: -1 }), scaled)
  return apply(tf.layers.dot({ name: name(part), axes: [2, 1] }), [weights, v])
}

/**
 * Attention head by head, as Keras in TensorFlow.js has neither a layer for it nor products of more than matrices:
 * `[q k v]` is cut into the heads' parts.
 */
export const selfAttention: LayerWriter = (written) => {
  const { heads, copies, causal } = written.node.attributes as unknown as SelfAttentionAttributes
  if (causal || written.inputs.length > 1) return unwritable(written.node, 'is causal or masked.')
  const { inputs, inputShape, node, apply } = written
  const size = inputShape[1]! / (3 * heads * copies)
  const cut = (copy: number, kind: number, index: number) => {
    const from = ((copy * 3 + kind) * heads + index) * size
    return cropColumns(written, inputs[0]!, [from, from + size], `${copy}.${index}/${'qkv'[kind]}`)
  }
  const outputs = Array.from({ length: copies }, (_, copy) =>
    Array.from({ length: heads }, (__, index) =>
      head(written, [cut(copy, 0, index), cut(copy, 1, index), cut(copy, 2, index)], `${copy}.${index}`),
    ),
  ).flat()
  // Keras concatenates two or more.
  if (outputs.length === 1) return outputs[0]!
  return apply(tf.layers.concatenate({ name: node.id, axis: -1 }), outputs)
}
