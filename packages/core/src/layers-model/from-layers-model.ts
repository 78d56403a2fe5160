import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineNetwork, IMAGE, type Network, type NetworkNode } from '../network/network.ts'
import type { Shape } from '../ops/op.ts'
import { didYouMean } from '../suggest.ts'
import { converters } from './converters/index.ts'
import { unsupportedLayer, type ConvertedLayer, type NodeTensors } from './layer.ts'

export interface FromLayersModelOptions {
  /** Name of the network. Default: the model's. */
  readonly name?: string
  /** Name of the output layer that gives the logits; needed for a model with several outputs. */
  readonly output?: string
  /** Names for intermediate results that losses look at: tap → layer. */
  readonly taps?: Readonly<Record<string, string>>
}

/** A model as network data, with copies of its tensors. The caller owns them. */
export interface FromLayersModelResult {
  readonly network: Network
  readonly parameters: Record<string, tf.Tensor>
  readonly statistics: Record<string, tf.Tensor>
  /** What is not as it was: a softmax left out, a scale that is now learned. */
  readonly notes: readonly string[]
}

function fixedShape(shape: tf.Shape, what: string): Shape {
  const [, ...sizes] = shape
  if (sizes.every((size): size is number => typeof size === 'number')) return sizes
  throw new GpdError(
    'network.shape',
    `fromLayersModel: ${what} has the shape [${shape.map((size) => size ?? 'null').join(', ')}].`,
    'Only the batch may be open: build the model for one image size.',
  )
}

function chooseOutput(model: tf.LayersModel, output: string | undefined): tf.SymbolicTensor {
  const names = model.outputNames
  if (output === undefined && names.length > 1) {
    throw new GpdError(
      'network.invalid',
      `fromLayersModel: '${model.name}' has ${names.length} outputs: ${names.join(', ')}.`,
      'Choose the one with the logits by the option `output`.',
    )
  }
  const chosen = model.outputs[output === undefined ? 0 : names.indexOf(output)]
  if (chosen !== undefined) return chosen
  throw new GpdError(
    'network.invalid',
    `fromLayersModel: '${model.name}' has no output '${output}'.`,
    didYouMean(output!, names),
  )
}

const isModel = (layer: tf.layers.Layer): layer is tf.LayersModel => layer instanceof tf.LayersModel

/** Walks a model from its output back to the image and collects nodes in the order in which they run. */
class Conversion {
  readonly nodes: NetworkNode[] = []
  readonly parameters: Record<string, tf.Tensor> = {}
  readonly statistics: Record<string, tf.Tensor> = {}
  readonly notes: string[] = []
  /** Layer → id of the node with its result. */
  readonly results = new Map<string, string>()
  readonly #values = new Map<number, string>()
  readonly #ids = new Set<string>([IMAGE])
  readonly #weighted = new Set<tf.layers.Layer>()

  bind(tensor: tf.SymbolicTensor, id: string): void {
    this.#values.set(tensor.id, id)
  }

  /** The id of the node that computes a tensor. */
  value(tensor: tf.SymbolicTensor, model: tf.LayersModel, last: boolean): string {
    const known = this.#values.get(tensor.id)
    if (known !== undefined) return known
    const layer = tensor.sourceLayer
    const node = layer.inboundNodes[tensor.nodeIndex]!
    const inputs = node.inputTensors.map((input) => this.value(input, model, false))
    const id = isModel(layer)
      ? this.nested(layer, tensor, inputs, last)
      : this.layer(layer, node.inputTensors, tensor, inputs, model, last)
    this.bind(tensor, id)
    this.results.set(layer.name, id)
    return id
  }

  nested(inner: tf.LayersModel, tensor: tf.SymbolicTensor, inputs: readonly string[], last: boolean): string {
    inner.inputs.forEach((input, i) => this.bind(input, inputs[i]!))
    return this.value(inner.outputs[tensor.outputTensorIndex ?? 0]!, inner, last)
  }

  layer(
    layer: tf.layers.Layer,
    from: tf.SymbolicTensor[],
    to: tf.SymbolicTensor,
    inputs: readonly string[],
    model: tf.LayersModel,
    last: boolean,
  ): string {
    const className = layer.getClassName()
    const where = `layer ${model.layers.indexOf(layer)} '${layer.name}' (${className})`
    const convert = converters[className]
    if (convert === undefined) {
      const fix = `Supported: ${Object.keys(converters).join(', ')}. Replace it, or build the network with graph().`
      return unsupportedLayer(where, 'has no counterpart among the ops.', fix)
    }
    const weights = layer.weights.length > 0 ? layer.getWeights() : []
    if (weights.length > 0 && this.#weighted.has(layer)) {
      return unsupportedLayer(
        where,
        'is applied more than once.',
        'Shared weights are not supported: use one layer for each place.',
      )
    }
    if (weights.length > 0) this.#weighted.add(layer)
    const context: ConvertedLayer = {
      name: layer.name,
      config: layer.getConfig(),
      weights,
      inputs,
      inputShape: fixedShape(from[0]!.shape, where),
      outputShape: fixedShape(to.shape, where),
      last,
      place: (op, reads, tensors, part) => {
        const id = this.freshId(part === undefined ? layer.name : `${layer.name}/${part}`)
        this.nodes.push({ id, ...op, inputs: reads })
        this.keep(id, tensors ?? {})
        return id
      },
      note: (text) => this.notes.push(text),
      refuse: (problem, fix) => unsupportedLayer(where, problem, fix),
    }
    return convert(context)
  }

  /** Layers without weights may be applied again: the second is `<name>_2`. */
  freshId(name: string): string {
    let id = name
    for (let count = 2; this.#ids.has(id); count++) id = `${name}_${count}`
    this.#ids.add(id)
    return id
  }

  keep(id: string, { parameters = {}, statistics = {} }: NodeTensors): void {
    for (const [name, tensor] of Object.entries(parameters))
      this.parameters[`${id}.${name}`] = tf.keep(tf.clone(tensor))
    for (const [name, tensor] of Object.entries(statistics))
      this.statistics[`${id}.${name}`] = tf.keep(tf.clone(tensor))
  }
}

function tapNodes(
  taps: Readonly<Record<string, string>>,
  results: ReadonlyMap<string, string>,
): Record<string, string> {
  const find = (layer: string) => {
    const id = results.get(layer)
    if (id !== undefined) return id
    throw new GpdError(
      'network.invalid',
      `fromLayersModel: there is no layer '${layer}' to tap.`,
      didYouMean(layer, [...results.keys()]),
    )
  }
  return Object.fromEntries(Object.entries(taps).map(([tap, layer]) => [tap, find(layer)]))
}

function convert(
  model: tf.LayersModel,
  { name, output, taps = {} }: FromLayersModelOptions,
  conversion: Conversion,
): Network {
  const [image, ...others] = model.inputs
  if (image === undefined || others.length > 0) {
    throw new GpdError(
      'network.invalid',
      `fromLayersModel: '${model.name}' has ${model.inputs.length} inputs.`,
      'Use a model of one image.',
    )
  }
  const inputShape = fixedShape(image.shape, 'the input')
  conversion.bind(image, IMAGE)
  const logits = conversion.value(chooseOutput(model, output), model, true)
  return defineNetwork({
    name: name ?? model.name,
    inputShape,
    nodes: conversion.nodes,
    output: logits,
    taps: tapNodes(taps, conversion.results),
  })
}

/**
 * A user's own `tf.LayersModel`, sequential or functional, as a network: a student or teacher with no rewriting.
 *
 * The model is not changed and its tensors are copied. A softmax at the very end is left out, because losses want
 * logits; `notes` says so. Layer names become node ids, so `conv2d_1`'s kernel is the parameter `conv2d_1.weight`.
 *
 * @param model one image input `[batch, height, width, channels]`, fixed size
 * @throws GpdError `network.unknown-op` with position, name and class of a layer that has no counterpart;
 * `network.invalid` for several inputs, or several outputs without `options.output`; `network.shape` for open sizes
 * @example
 * const { network, parameters, statistics } = fromLayersModel(await tf.loadLayersModel(url))
 * const run = await distill({ student: network, parameters, statistics, data, optimizer, epochs: 10 })
 */
export function fromLayersModel(model: tf.LayersModel, options: FromLayersModelOptions = {}): FromLayersModelResult {
  const conversion = new Conversion()
  const { parameters, statistics, notes } = conversion
  try {
    const build: { network?: Network } = {}
    // Collects the constants that stand in for scales and shifts the model lacks; what is handed out is a kept copy.
    tf.tidy(() => void (build.network = convert(model, options, conversion)))
    return { network: build.network!, parameters, statistics, notes }
  } catch (error) {
    tf.dispose([parameters, statistics])
    throw error
  }
}
