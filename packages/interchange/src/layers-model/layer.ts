import type * as tf from '@tensorflow/tfjs'
import { GpdError, type NetworkNode, type OpCall, type Pair, type Shape } from '@gpdjs/core'

/** Tensors of one new node under the short names of its op: `weight`, `bias`, `running_mean`. */
export interface NodeTensors {
  readonly parameters?: Readonly<Record<string, tf.Tensor>>
  readonly statistics?: Readonly<Record<string, tf.Tensor>>
}

/** What turns logits into probabilities, as the last step of a model. */
export type LastActivation = 'softmax' | 'sigmoid'

/** One application of a Keras layer, as converters see it. */
export interface ConvertedLayer {
  readonly name: string
  /**
   * An entry of what the layer was built with (`getConfig()`). Whoever reads it honours it or refuses the layer; what nobody has
   * read falls under one rule, `judgeUnread`.
   */
  read(key: string): unknown
  /** Weights in the layer's own order; they stay the model's. */
  readonly weights: readonly tf.Tensor[]
  /** Whether training leaves all of them as they are. */
  readonly frozen: boolean
  /** Ids of the nodes that the layer reads. */
  readonly inputs: readonly string[]
  readonly inputShapes: readonly Shape[]
  /** The first one's. */
  readonly inputShape: Shape
  readonly outputShape: Shape
  /** Whether nothing follows: its result is the model's. */
  readonly last: boolean
  /** Places a node, called like the layer or `<layer>/<part>`, and returns its id. */
  place(op: OpCall & Pick<NetworkNode, 'mode'>, inputs: readonly string[], tensors?: NodeTensors, part?: string): string
  /** Adds a line about the conversion, for the user. */
  note(text: string): void
  /** Says that the model's last step is left out, and which it is. */
  leaveOut(activation: LastActivation): void
  refuse(problem: string, fix: string): never
}

/** Places the nodes of a layer and returns the id of the one that holds its result. */
export type LayerConverter = (layer: ConvertedLayer) => string

/** @throws GpdError `network.unknown-op` unless the channels come last */
export function expectChannelsLast(layer: ConvertedLayer): void {
  const format = layer.read('dataFormat')
  if (format === 'channelsFirst')
    layer.refuse('has its channels first.', "Build the model with dataFormat 'channelsLast'.")
}

/** What Keras keeps as a number for each image axis: one number where both are the same. */
export function axesOf(layer: ConvertedLayer, key: string): number | Pair {
  const [rows, columns = rows] = [layer.read(key) as number | number[]].flat() as [number, number?]
  return rows === columns ? rows : [rows, columns]
}

/** `kernelSize`, `strides` and `padding` of a sliding window; `size` is the key of the first. */
export function windowOf(layer: ConvertedLayer, size: 'kernelSize' | 'poolSize') {
  expectChannelsLast(layer)
  const padding = layer.read('padding')
  if (padding !== 'same' && padding !== 'valid')
    return layer.refuse(`has padding '${String(padding)}'.`, "Use 'same' or 'valid'.")
  return { kernelSize: axesOf(layer, size), strides: axesOf(layer, 'strides'), padding } as const
}

export function unsupportedLayer(where: string, problem: string, fix: string): never {
  throw new GpdError('network.unknown-op', `fromLayersModel: ${where} ${problem}`, fix)
}
