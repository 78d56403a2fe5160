import type * as tf from '@tensorflow/tfjs'
import { GpdError, type NetworkNode, type Shape } from '@gpdjs/core'

/** One node of a network, as writers of Keras layers see it. */
export interface WrittenNode {
  readonly node: NetworkNode
  readonly inputs: readonly tf.SymbolicTensor[]
  readonly inputShape: Shape
  readonly outputShape: Shape
  /** Op that made the first input, and whether its numbers are never negative. */
  readonly nonNegative: boolean
  /** A parameter or statistic under its short name. */
  tensor(name: string): tf.Tensor
  /** Applies a layer; `weights` in the layer's own order. */
  apply(
    layer: tf.layers.Layer,
    inputs?: tf.SymbolicTensor | tf.SymbolicTensor[],
    weights?: readonly tf.Tensor[],
  ): tf.SymbolicTensor
  /** Name of an additional layer of this node. */
  name(part: string): string
}

/** Writes one op as Keras layers and returns their result. */
export type LayerWriter = (node: WrittenNode) => tf.SymbolicTensor

/** Formats that hold every network. */
const ELSEWHERE = 'write it as ONNX (toOnnx, gpd extract --format onnx) or safetensors (saveNetwork).'

export function unwritable({ id, op }: NetworkNode, problem: string, fix?: string): never {
  const advice = fix === undefined ? ELSEWHERE : `${fix} Or ${ELSEWHERE}`
  throw new GpdError('network.unknown-op', `toLayersModel: node '${id}' (${op}) ${problem}`, capitalized(advice))
}

const capitalized = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1)
