import type { SelfAttentionAttributes } from '../../ops/attention.ts'
import type { Emitter } from '../emitter.ts'

/** In the order of our layout: row by row, the channels of a position side by side. */
export const flatten: Emitter = (node) =>
  node.emit('Flatten', [node.isMap ? node.channelsLast(node.input) : node.input], { axis: 1 })

export const toTokens: Emitter = (node) => node.reshape(node.channelsLast(node.input), node.outputShape)

export const toMap: Emitter = (node) => node.channelsFirst(node.reshape(node.input, node.outputShape))

export const swapTokens: Emitter = (node) => node.transpose(node.input, [0, 2, 1])

export const positionEmbedding: Emitter = (node) => node.emit('Add', [node.input, node.parameter('embedding')])

/** The learned tokens, once for each image of the batch. */
export const prependTokens: Emitter = (node) => {
  const [count, channels] = node.tensor('token').shape as [number, number]
  const batch = node.emit('Shape', [node.input], { start: 0, end: 1 })
  const shape = node.emit('Concat', [batch, node.integers([count, channels])], { axis: 0 })
  const each = node.emit('Expand', [node.parameter('token', [1, count, channels]), shape])
  return node.emit('Concat', [each, node.input], { axis: 1 })
}

export const takeToken: Emitter = (node) =>
  node.emit('Gather', [node.input, node.integers([node.attributes['index'] as number], [])], { axis: 1 })

export const sliceTokens: Emitter = (node) => {
  const { from, count } = node.attributes as { from: number; count: number }
  return node.emit('Slice', [node.input, ...[from, from + count, 1].map((n) => node.integers([n]))])
}

export const concatTokens: Emitter = (node) => node.emit('Concat', node.inputs, { axis: 1 })

export const meanToken: Emitter = (node) =>
  node.inputs.length > 1 ? node.refuse('is masked') : node.emit('ReduceMean', [node.input], { axes: [1], keepdims: 0 })

/** `softmax(q kᵀ / √d) v`, with `[q k v]` side by side in the input. */
export const selfAttention: Emitter = (node) => {
  const { heads, copies, causal } = node.attributes as unknown as SelfAttentionAttributes
  if (causal || node.inputs.length > 1) return node.refuse('is causal or masked')
  const [tokens, width] = node.inputShape as [number, number]
  const size = width / (3 * heads * copies)
  // → [3, N, copies, heads, tokens, size]
  const parts = node.transpose(node.reshape(node.input, [tokens, copies, 3, heads, size]), [3, 0, 2, 4, 1, 5])
  const [q, k, v] = [0, 1, 2].map((index) => node.emit('Gather', [parts, node.integers([index], [])], { axis: 0 })) as [
    string,
    string,
    string,
  ]
  const scaled = node.emit('Mul', [q, node.floats([1 / Math.sqrt(size)])])
  const scores = node.emit('MatMul', [scaled, node.transpose(k, [0, 1, 2, 4, 3])])
  const mixed = node.emit('MatMul', [node.emit('Softmax', [scores], { axis: -1 }), v])
  return node.reshape(node.transpose(mixed, [0, 3, 1, 2, 4]), [tokens, width / 3])
}
