import * as tf from '@tensorflow/tfjs'
import { sizeOf, type ChannelSplitAttributes } from '@gpdjs/core'
import type { LayerWriter } from '../writer.ts'
import { cropColumns } from './crop.ts'

export const flatten: LayerWriter = (written) => written.apply(tf.layers.flatten({ name: written.node.id }))

/** toTokens and toMap: the numbers stay in their order. */
export const reshape: LayerWriter = (written) =>
  written.apply(tf.layers.reshape({ name: written.node.id, targetShape: [...written.outputShape] }))

export const swapTokens: LayerWriter = (written) =>
  written.apply(tf.layers.permute({ name: written.node.id, dims: [2, 1] }))

/** One part of the channels, of each copy: rows of a matrix that are cut. */
export const channelSplit: LayerWriter = (written) => {
  const { parts, index, copies } = written.node.attributes as unknown as ChannelSplitAttributes
  const { inputs, inputShape, outputShape, node, name, apply } = written
  const size = inputShape.at(-1)! / copies
  const rows = sizeOf(inputShape) / size
  const matrix = apply(tf.layers.reshape({ name: name('rows'), targetShape: [rows, size] }), inputs[0]!)
  const part = cropColumns(written, matrix, [(index * size) / parts, ((index + 1) * size) / parts], 'part')
  return apply(tf.layers.reshape({ name: node.id, targetShape: [...outputShape] }), part)
}

/** Channels of the branches in turn: concatenated, seen as a matrix of one row per branch, transposed. */
export const channelShuffle: LayerWriter = (written) => {
  const { inputs, inputShape, outputShape, node, name, apply } = written
  const rank = inputShape.length
  const outer = inputShape.slice(0, -1)
  const joined = apply(tf.layers.concatenate({ name: name('concat'), axis: -1 }), [...inputs])
  const matrix = apply(
    tf.layers.reshape({ name: name('branches'), targetShape: [...outer, inputs.length, inputShape.at(-1)!] }),
    joined,
  )
  const order = outer.map((_, axis) => axis + 1)
  const turned = apply(tf.layers.permute({ name: name('turn'), dims: [...order, rank + 1, rank] }), matrix)
  return apply(tf.layers.reshape({ name: node.id, targetShape: [...outputShape] }), turned)
}
