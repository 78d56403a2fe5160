import type * as tf from '@tensorflow/tfjs'
import {
  dropout as dropoutOp,
  flatten as flattenOp,
  sizeOf,
  swapTokens as swapOp,
  toMap,
  toTokens,
  type OpCall,
  type Shape,
} from '@gpdjs/core'
import { expectChannelsLast, type ConvertedLayer, type LayerConverter } from '../layer.ts'

/** The reshapes in which channels survive, by rank: vector, tokens, map. Each in steps of ops. */
const RESHAPES: Readonly<Record<string, (target: Shape) => readonly OpCall[]>> = {
  '1→2': () => [toMap({ height: 1, width: 1 }), toTokens()],
  '1→3': () => [toMap({ height: 1, width: 1 })],
  '2→1': () => [flattenOp()],
  '2→3': ([height, width]) => [toMap({ height: height!, width: width! })],
  '3→1': () => [flattenOp()],
  '3→2': () => [toTokens()],
  '3→3': ([height, width]) => [toTokens(), toMap({ height: height!, width: width! })],
}

/** Whether the numbers of each position stay together, or a vector keeps them all. */
function channelsSurvive(from: Shape, to: Shape): boolean {
  if (to.length === 1) return true
  return from.at(-1) === to.at(-1) && (from.length > 1 || sizeOf(from) === sizeOf(to))
}

/**
 * Places what gives a value another shape.
 *
 * @param part of the layer's name, if its own is for what follows
 */
export function reshaped(layer: ConvertedLayer, input: string, from: Shape, to: Shape, part?: string): string {
  if (from.join() === to.join()) return input
  const steps = RESHAPES[`${from.length}→${to.length}`]?.(to)
  if (steps === undefined || !channelsSurvive(from, to))
    return layer.refuse(
      `reshapes [${from.join(', ')}] to [${to.join(', ')}].`,
      'Only reshapes that keep the channels as last axis, or flatten everything, are supported.',
    )
  const nameOf = (step: number) => (step === steps.length - 1 ? part : [part, `step${step}`].filter(Boolean).join('/'))
  return steps.reduce((x, op, step) => layer.place(op, [x], {}, nameOf(step)), input)
}

export const reshape: LayerConverter = (layer) => {
  // Its sizes, -1 included, are those of the output.
  layer.read('targetShape')
  return reshaped(layer, layer.inputs[0]!, layer.inputShape, layer.outputShape)
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

export const dropout: LayerConverter = (layer) =>
  layer.place(dropoutOp({ rate: layer.read('rate') as number }), layer.inputs)

/**
 * Whether scores that go in come out the same but for their shape: a softmax in front of it is as good as one behind it. The
 * old MobileNets end in a softmax over `[1, 1, classes]` and a Reshape.
 */
export function passesScores(layer: tf.layers.Layer, from: tf.SymbolicTensor, to: tf.SymbolicTensor): boolean {
  const kind = layer.getClassName()
  if (kind === 'Activation') return layer.getConfig()['activation'] === 'linear'
  return ['Flatten', 'Reshape'].includes(kind) && from.shape.at(-1) === to.shape.at(-1)
}
