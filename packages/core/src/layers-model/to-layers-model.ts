import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { IMAGE, type Network, type NetworkNode } from '../network/network.ts'
import type { TensorRecord } from '../tensor-ops/tensor-record.ts'
import { unwritable, type WrittenNode } from './writer.ts'
import { writers } from './writers/index.ts'

const RECTIFIERS = ['relu', 'relu6']

function nodeTensor(record: TensorRecord, name: string): tf.Tensor {
  const tensor = record[name]
  if (tensor !== undefined) return tensor
  throw new GpdError(
    'network.invalid',
    `toLayersModel: no tensor for '${name}'.`,
    'Pass every parameter and statistic of the network.',
  )
}

/** Writes the layers one after another and remembers them, so that they can be freed if one turns out impossible. */
function writeLayers(network: Network, tensors: TensorRecord, layers: tf.layers.Layer[]): tf.LayersModel {
  const input = tf.input({ name: IMAGE, shape: [...network.inputShape] })
  const values = new Map<string, tf.SymbolicTensor>([[IMAGE, input]])
  const ops = new Map(network.nodes.map(({ id, op }) => [id, op]))
  const applyLayer: WrittenNode['apply'] = (layer, inputs, weights = []) => {
    layers.push(layer)
    const result = layer.apply(inputs!) as tf.SymbolicTensor
    if (weights.length > 0) layer.setWeights([...weights])
    return result
  }
  const write = (node: NetworkNode): tf.SymbolicTensor => {
    const writer = writers[node.op]
    if (writer === undefined) return unwritable(node, 'has no counterpart among the layers of TensorFlow.js.')
    const inputs = node.inputs.map((id) => values.get(id)!)
    return writer({
      node,
      inputs,
      inputShape: network.shapes[node.inputs[0]!]!,
      outputShape: network.shapes[node.id]!,
      nonNegative: RECTIFIERS.includes(ops.get(node.inputs[0]!) ?? ''),
      tensor: (name) => nodeTensor(tensors, `${node.id}.${name}`),
      apply: (layer, from = inputs[0]!, weights) => applyLayer(layer, from, weights),
      name: (part) => `${node.id}/${part}`,
    })
  }
  for (const node of network.nodes) values.set(node.id, write(node))
  return tf.model({ name: network.name, inputs: input, outputs: values.get(network.output)! })
}

/**
 * A network as a functional `tf.LayersModel`, for everything that knows no more than TensorFlow.js: `model.save`,
 * `loadLayersModel`, the browser, the converters. It predicts logits, the same as `apply` in evaluation mode.
 *
 * Node ids become layer names. What Keras has no layer for is put together from others: attention from products of the
 * parts of each head, tokens and positions from paddings and biases, grouped convolutions as plain ones with zeros in their
 * kernel. Stochastic depth (which acts in training only) is left out, and taps are forgotten.
 *
 * @param parameters copied, as are `statistics`
 * @returns the caller owns the model: `model.dispose()`
 * @throws GpdError `network.unknown-op` naming a node that no Keras layer can express; `network.invalid` if a tensor is missing
 * @example await toLayersModel(student.network, student.parameters, student.statistics).save('downloads://student')
 */
export function toLayersModel(network: Network, parameters: TensorRecord, statistics: TensorRecord): tf.LayersModel {
  const layers: tf.layers.Layer[] = []
  const written: { model?: tf.LayersModel } = {}
  try {
    // Collects what is made on the way; the weights of layers are variables and stay.
    tf.tidy(() => void (written.model = writeLayers(network, { ...parameters, ...statistics }, layers)))
    return written.model!
  } catch (error) {
    for (const weight of layers.flatMap((layer) => layer.weights)) weight.dispose()
    throw error
  }
}
