import {
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  leakyRelu,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
  type OpCall,
} from '@gpdjs/core'
import type { ConvertedLayer, LayerConverter } from '../layer.ts'

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
}

/** Losses turn logits into probabilities themselves; a logarithm of them serves as logits just as well. */
const PROBABILITIES = ['softmax', 'logSoftmax']

/** Applies the activation called `name` to a node. A softmax at the very end is left out: networks give logits. */
export function activate(layer: ConvertedLayer, name: unknown, input: string): string {
  const key = typeof name === 'string' ? name : 'linear'
  if (PROBABILITIES.includes(key) && layer.last) {
    layer.note(`The ${key} of '${layer.name}' is left out: the network gives logits.`)
    return input
  }
  if (!Object.hasOwn(ACTIVATIONS, key)) {
    const known = Object.keys(ACTIVATIONS).join(', ')
    const where = PROBABILITIES.includes(key) ? ' before the end of the model' : ''
    return layer.refuse(`has the activation '${key}'${where}.`, `Use one of: ${known} (or softmax as the last step).`)
  }
  const op = ACTIVATIONS[key]
  return op === undefined ? input : layer.place(op(), [input], {}, input === layer.inputs[0] ? undefined : key)
}

export const activation: LayerConverter = (layer) => activate(layer, layer.config['activation'], layer.inputs[0]!)

export const softmax: LayerConverter = (layer) => activate(layer, 'softmax', layer.inputs[0]!)

/** Keras' ReLU with its ceiling: none, or 6. */
export const rectifier: LayerConverter = (layer) => {
  const ceiling = layer.config['maxValue'] ?? null
  if (ceiling === null) return activate(layer, 'relu', layer.inputs[0]!)
  if (ceiling === 6) return activate(layer, 'relu6', layer.inputs[0]!)
  return layer.refuse(`has maxValue ${String(ceiling)}.`, 'Leave maxValue away or set it to 6.')
}

/** Layers of an activation whose slope for negative numbers is fixed. */
const withSlope =
  (op: (attributes: { readonly alpha: number }) => OpCall): LayerConverter =>
  (layer) =>
    layer.place(op({ alpha: layer.config['alpha'] as number }), layer.inputs)

export const exponential = withSlope(elu)
export const leakyRectifier = withSlope(leakyRelu)
