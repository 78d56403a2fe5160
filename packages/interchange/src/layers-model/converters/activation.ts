import * as tf from '@tensorflow/tfjs'
import {
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  leakyRelu,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  softmax as softmaxOp,
  softplus,
  softsign,
  swish,
  tanh,
  type OpCall,
} from '@gpdjs/core'
import type { ConvertedLayer, LastActivation, LayerConverter } from '../layer.ts'

/** Keras' names of activations; `undefined` leaves the numbers as they are. */
const ACTIVATIONS: Readonly<Record<string, (() => OpCall) | undefined>> = {
  linear: undefined,
  relu,
  relu6,
  elu,
  selu,
  gelu,
  gelu_new: geluTanh,
  swish,
  mish,
  sigmoid,
  hardSigmoid,
  tanh,
  softplus,
  softsign,
  softmax: softmaxOp,
}

/** What a model may end in that losses do themselves: the probabilities it makes of logits, and what trains them. */
const ENDS: Readonly<Record<string, { readonly makes?: LastActivation; readonly advice?: string }>> = {
  softmax: { makes: 'softmax' },
  // As good as logits: a softmax of these logarithms gives the same probabilities.
  logSoftmax: {},
  sigmoid: { makes: 'sigmoid', advice: ' Each is for a label of its own: train with the task multiLabel().' },
}

/** Applies the activation called `name` to a node. At the very end it may be left out: networks give logits. */
export function activate(layer: ConvertedLayer, name: unknown, input: string): string {
  const key = typeof name === 'string' ? name : 'linear'
  if (layer.last && Object.hasOwn(ENDS, key)) {
    const { makes, advice = '' } = ENDS[key]!
    layer.note(`The ${key} of '${layer.name}' is left out: the network gives logits.${advice}`)
    if (makes !== undefined) layer.leaveOut(makes)
    return input
  }
  if (!Object.hasOwn(ACTIVATIONS, key)) {
    const known = Object.keys(ACTIVATIONS).join(', ')
    const where = key === 'logSoftmax' ? ' before the end of the model' : ''
    return layer.refuse(`has the activation '${key}'${where}.`, `Use one of: ${known}.`)
  }
  const op = ACTIVATIONS[key]
  return op === undefined ? input : layer.place(op(), [input], {}, input === layer.inputs[0] ? undefined : key)
}

export const activation: LayerConverter = (layer) => activate(layer, layer.read('activation'), layer.inputs[0]!)

export const softmax: LayerConverter = (layer) => {
  const axes = [layer.read('axis') ?? 1].flat()
  // Keras counts the batch as axis 0.
  const last = layer.inputShape.length
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== last))
    layer.refuse(`is over axis [${axes.join(', ')}].`, 'Only the last axis (-1, the channels) is supported.')
  return activate(layer, 'softmax', layer.inputs[0]!)
}

/** Keras' ReLU with its ceiling: none, or 6. */
export const rectifier: LayerConverter = (layer) => {
  const ceiling = layer.read('maxValue') ?? null
  if (ceiling === null) return activate(layer, 'relu', layer.inputs[0]!)
  if (ceiling === 6) return activate(layer, 'relu6', layer.inputs[0]!)
  return layer.refuse(`has maxValue ${String(ceiling)}.`, 'Leave maxValue away or set it to 6.')
}

/** Layers of an activation whose slope for negative numbers is fixed. */
const withSlope =
  (op: (attributes: { readonly alpha: number }) => OpCall): LayerConverter =>
  (layer) =>
    layer.place(op({ alpha: layer.read('alpha') as number }), layer.inputs)

/** Learned slopes, shared by all positions or by none. */
export const parametricRectifier: LayerConverter = (layer) => {
  const positions = layer.inputShape.slice(0, -1).map((_, axis) => axis + 1)
  const shared = [...((layer.read('sharedAxes') ?? []) as readonly number[])].sort()
  const perPosition = shared.length === 0 && positions.length > 0
  if (!perPosition && shared.join() !== positions.join())
    layer.refuse(`has sharedAxes [${shared.join(', ')}].`, `Share [${positions.join(', ')}], all positions, or none.`)
  const [slopes] = layer.weights as [tf.Tensor]
  const weight = perPosition ? slopes : tf.reshape(slopes, [slopes.size])
  return layer.place(prelu({ perPosition }), layer.inputs, { parameters: { weight } })
}

export const exponential = withSlope(elu)
export const leakyRectifier = withSlope(leakyRelu)
