import type { EmittedNode, Emitter } from '../emitter.ts'

/** Sizes before and after the channel axis, as values are held: `[channels, height, width]` or `[tokens, channels]`. */
function around({ inputShape, isMap }: EmittedNode): { before: readonly number[]; after: readonly number[] } {
  const rest = inputShape.slice(0, -1)
  return isMap ? { before: [], after: rest } : { before: rest, after: [] }
}

export const concatenation: Emitter = (node) =>
  node.emit('Concat', node.inputs, { axis: node.isMap ? 1 : node.inputShape.length })

/** Concatenated, seen as a matrix of one row per branch, transposed. */
export const channelShuffle: Emitter = (node) => {
  const { before, after } = around(node)
  const channels = node.inputShape.at(-1)!
  const matrix = node.reshape(concatenation(node), [...before, node.inputs.length, channels, ...after])
  const row = 1 + before.length
  const perm = [...before.map((_, i) => i + 1), row + 1, row, ...after.map((_, i) => row + 2 + i)]
  return node.reshape(node.transpose(matrix, [0, ...perm]), [...before, node.inputs.length * channels, ...after])
}

/** The same part of each copy of the channels. */
export const channelSplit: Emitter = (node) => {
  const { parts, index, copies } = node.attributes as { parts: number; index: number; copies: number }
  const { before, after } = around(node)
  const size = node.inputShape.at(-1)! / (parts * copies)
  const blocks = node.reshape(node.input, [...before, copies, parts, size, ...after])
  const axis = 2 + before.length
  const part = node.emit('Slice', [blocks, node.integers([index]), node.integers([index + 1]), node.integers([axis])])
  return node.reshape(part, [...before, copies * size, ...after])
}

/** The same order of channels as ours: rows of a block, its columns, the channels. */
export const spaceToDepth: Emitter = (node) =>
  node.emit('SpaceToDepth', [node.input], { blocksize: node.attributes['size'] as number })
