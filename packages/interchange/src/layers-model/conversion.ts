import * as tf from '@tensorflow/tfjs'
import { GpdError, IMAGE, type NetworkNode, type Shape } from '@gpdjs/core'
import { converters } from './converters/index.ts'
import { unsupportedLayer, type ConvertedLayer, type NodeTensors } from './layer.ts'

/** @throws GpdError `network.shape` if more than the batch is open */
export function fixedShape(shape: tf.Shape, what: string): Shape {
  const [, ...sizes] = shape
  if (sizes.every((size): size is number => typeof size === 'number')) return sizes
  throw new GpdError(
    'network.shape',
    `fromLayersModel: ${what} has the shape [${shape.map((size) => size ?? 'null').join(', ')}].`,
    'Only the batch may be open: build the model for one image size.',
  )
}

const isModel = (layer: tf.layers.Layer): layer is tf.LayersModel => layer instanceof tf.LayersModel

/** A model, and the ids of those of its tensors that are known. A model inside a model has a scope for each place. */
interface Scope {
  readonly model: tf.LayersModel
  readonly values: Map<tf.SymbolicTensor, string>
}

/** Walks a model from its output back to the image and collects nodes in the order in which they run. */
export class Conversion {
  readonly nodes: NetworkNode[] = []
  readonly parameters: Record<string, tf.Tensor> = {}
  readonly statistics: Record<string, tf.Tensor> = {}
  readonly notes: string[] = []
  /** Layer → id of the node with its result. */
  readonly results = new Map<string, string>()
  readonly #ids = new Set<string>([IMAGE])
  readonly #weighted = new Set<tf.layers.Layer>()

  /** The id of the node that computes `output`, given those of the model's inputs. */
  model(model: tf.LayersModel, inputs: readonly string[], output: tf.SymbolicTensor, last: boolean): string {
    return this.value(output, { model, values: new Map(model.inputs.map((input, i) => [input, inputs[i]!])) }, last)
  }

  value(tensor: tf.SymbolicTensor, scope: Scope, last: boolean): string {
    const known = scope.values.get(tensor)
    if (known !== undefined) return known
    const layer = tensor.sourceLayer
    const node = layer.inboundNodes[tensor.nodeIndex]!
    const inputs = node.inputTensors.map((input) => this.value(input, scope, false))
    const id = isModel(layer)
      ? this.model(layer, inputs, layer.outputs[tensor.outputTensorIndex ?? 0]!, last)
      : this.layer(layer, node.inputTensors, tensor, inputs, scope.model, last)
    scope.values.set(tensor, id)
    this.results.set(layer.name, id)
    return id
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
