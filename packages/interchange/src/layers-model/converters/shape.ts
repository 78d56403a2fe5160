import type * as tf from '@tensorflow/tfjs'
import {
  dropout as dropoutOp,
  flatten as flattenOp,
  swapTokens as swapOp,
  toMap,
  toTokens,
  type OpCall,
  type Shape,
} from '@gpdjs/core'
import { expectChannelsLast, type LayerConverter } from '../layer.ts'

/** The reshapes in which channels survive, by rank: map → tokens, tokens → map, anything → vector. */
const RESHAPES: Readonly<Record<string, (target: Shape) => OpCall>> = {
  '3→2': () => toTokens(),
  '2→3': ([height, width]) => toMap({ height: height!, width: width! }),
  '3→1': () => flattenOp(),
  '2→1': () => flattenOp(),
}

export const reshape: LayerConverter = (layer) => {
  // Its sizes, -1 included, are those of the output.
  layer.read('targetShape')
  const { inputShape, outputShape } = layer
  if (inputShape.join() === outputShape.join()) return layer.inputs[0]!
  const op = RESHAPES[`${inputShape.length}→${outputShape.length}`]
  const channelsSurvive = outputShape.length === 1 || inputShape.at(-1) === outputShape.at(-1)
  if (op !== undefined && channelsSurvive) return layer.place(op(outputShape), layer.inputs)
  return layer.refuse(
    `reshapes [${inputShape.join(', ')}] to [${outputShape.join(', ')}].`,
    'Only reshapes that keep the channels as last axis, or flatten everything, are supported.',
  )
}

export const flatten: LayerConverter = (layer) => {
  expectChannelsLast(layer)
  return layer.inputShape.length === 1 ? layer.inputs[0]! : layer.place(flattenOp(), layer.inputs)
}

/** Tokens and channels change places; another order of three axes would move the channels of a map. */
export const permutation: LayerConverter = (layer) => {
  const order = (layer.read('dims') as readonly number[]).join()
  if (order === '2,1') return layer.place(swapOp(), layer.inputs)
  return layer.refuse(`has dims [${order}].`, 'Only [2, 1], for tokens [tokens, channels], is supported.')
}

export const dropout: LayerConverter = (layer) => {
  return layer.place(dropoutOp({ rate: layer.read('rate') as number }), layer.inputs)
}

/**
 * Whether scores that go in come out the same but for their shape: a softmax in front of it is as good as one behind it. The
 * old MobileNets end in a softmax over `[1, 1, classes]` and a Reshape.
 */
export function passesScores(layer: tf.layers.Layer, from: tf.SymbolicTensor, to: tf.SymbolicTensor): boolean {
  const kind = layer.getClassName()
  if (kind === 'Activation') return layer.getConfig()['activation'] === 'linear'
  return ['Flatten', 'Reshape'].includes(kind) && from.shape.at(-1) === to.shape.at(-1)
}
