import * as tf from '@tensorflow/tfjs'
import {
  checkModel,
  describeField,
  GpdError,
  soleInput,
  soleOutput,
  type Model,
  type NetworkNode,
  type TensorRecord,
} from '@gpdjs/core'
import { unwritable, type WrittenNode, type LayerWriter } from './writer.ts'
import * as byOp from './writers/index.ts'

const writers: Readonly<Record<string, LayerWriter>> = byOp

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

/** Writes the layers one after another into `layers`, so that they can be freed if a later one cannot be written. */
function writeLayers({ network, parameters, statistics }: Model, layers: tf.layers.Layer[]): tf.LayersModel {
  const [name, spec] = soleInput(network, 'toLayersModel')
  const [, last] = soleOutput(network, 'toLayersModel')
  if (spec.dtype !== 'float32')
    throw new GpdError(
      'network.shape',
      `toLayersModel: expected a float32 input, got '${name}', ${describeField(spec)}.`,
    )
  const tensors = { ...parameters, ...statistics }
  const input = tf.input({ name, shape: [...spec.shape] })
  const values = new Map<string, tf.SymbolicTensor>([[name, input]])
  const ops = new Map(network.nodes.map(({ id, op }) => [id, op]))
  const applyLayer = (
    { trainable = true }: NetworkNode,
    layer: tf.layers.Layer,
    inputs: Parameters<WrittenNode['apply']>[1],
    weights: readonly tf.Tensor[] = [],
  ) => {
    layers.push(layer)
    if (!trainable) layer.trainable = false
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
      apply: (layer, from = inputs[0]!, weights) => applyLayer(node, layer, from, weights),
      name: (part) => `${node.id}/${part}`,
    })
  }
  for (const node of network.nodes) values.set(node.id, write(node))
  return tf.model({ name: network.name, inputs: input, outputs: values.get(last)! })
}

/**
 * A model as a functional `tf.LayersModel`, for everything that works with plain TensorFlow.js: `model.save`,
 * `loadLayersModel`, the browser, the converters. It computes what `predict` computes.
 *
 * Node ids become layer names, and frozen nodes layers that are not trainable. What Keras has no layer for is put together from others: attention from products of the
 * parts of each head, tokens and positions from paddings and biases, grouped convolutions as plain ones with zeros in their
 * kernel. Stochastic depth (which acts in training only) is left out, and taps are forgotten.
 *
 * @param model one float32 input, one output; its tensors are copied
 * @returns the caller owns it: `layersModel.dispose()`
 * @throws GpdError `network.unknown-op` naming a node that no Keras layer can express; `network.invalid` if a tensor is missing
 *   or there are several inputs or outputs; `network.shape` for an input of whole numbers
 * @example await toLayersModel(student).save('downloads://student')
 */
export function toLayersModel(model: Model): tf.LayersModel {
  checkModel('toLayersModel', model)
  const layers: tf.layers.Layer[] = []
  const written: { model?: tf.LayersModel } = {}
  try {
    // Collects what is made on the way; the weights of layers are variables and stay.
    tf.tidy(() => void (written.model = writeLayers(model, layers)))
    return written.model!
  } catch (error) {
    for (const weight of layers.flatMap((layer) => layer.weights)) weight.dispose()
    throw error
  }
}
