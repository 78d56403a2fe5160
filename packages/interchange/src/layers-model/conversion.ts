import * as tf from '@tensorflow/tfjs'
import { GpdError, IMAGE, type Shape } from '@gpdjs/core'
import { CollectedNodes } from './collected-nodes.ts'
import { converters } from './converters/index.ts'
import { passesScores } from './converters/shape.ts'
import { entriesOf, judgeUnread } from './layer-entries.ts'
import { unsupportedLayer, type LastActivation } from './layer.ts'

/** @throws GpdError `network.shape` if more than the batch is open */
export function fixedShape(shape: tf.Shape, what: string): Shape {
  const [, ...sizes] = shape
  if (sizes.every((size): size is number => typeof size === 'number')) return sizes
  throw new GpdError(
    'network.shape',
    `fromLayersModel: ${what} has the shape [${shape.map((size) => size ?? 'null').join(', ')}].`,
    'Only the batch may be open: give the size by the option inputShape, such as [32, 32, 3].',
  )
}

const isModel = (layer: tf.layers.Layer): layer is tf.LayersModel => layer instanceof tf.LayersModel

/** A model, and the ids of those of its tensors that are known. A model inside a model has a scope for each place. */
interface Scope {
  readonly model: tf.LayersModel
  readonly values: Map<tf.SymbolicTensor, string>
  /** Whether training moves anything in it: neither it nor a model around it is frozen. */
  readonly trainable: boolean
}

/** What a layer makes of inputs of known sizes, whatever the model itself left open. */
function shapeAfter(layer: tf.layers.Layer, inputs: readonly Shape[]): tf.Shape {
  const [first, ...others] = inputs.map((shape) => [1, ...shape])
  return layer.computeOutputShape(others.length === 0 ? first! : [first!, ...others]) as tf.Shape
}

/** What is known of a value besides the tensor: whether nothing follows it, so that its scores are the model's. */
interface Place {
  readonly last: boolean
}

/** Walks a model from its output back to the image and collects nodes in the order in which they run. */
export class Conversion {
  readonly collected = new CollectedNodes()
  readonly notes: string[] = []
  /** Layer → id of the node with its result. */
  readonly results = new Map<string, string>()
  /** The last step of the model, where it is left out. */
  leftOut: LastActivation | undefined
  readonly #shapes: Map<string, Shape>
  readonly #weighted = new Set<tf.layers.Layer>()

  constructor(image: Shape) {
    this.#shapes = new Map([[IMAGE, image]])
  }

  /** The id of the node that computes the model's `output` from the image. */
  convert(model: tf.LayersModel, output: tf.SymbolicTensor): string {
    return this.#model(model, [IMAGE], output, true, { last: true })
  }

  #model(
    model: tf.LayersModel,
    inputs: readonly string[],
    output: tf.SymbolicTensor,
    trainable: boolean,
    place: Place,
  ): string {
    for (const { sourceLayer } of model.inputs) {
      const told = this.#told(sourceLayer.name, `'${sourceLayer.name}' (InputLayer)`)
      judgeUnread(told, entriesOf(sourceLayer).unread())
    }
    const values = new Map(model.inputs.map((input, i) => [input, inputs[i]!]))
    return this.#value(output, { model, values, trainable: trainable && model.trainable }, place)
  }

  #value(tensor: tf.SymbolicTensor, scope: Scope, { last }: Place): string {
    const known = scope.values.get(tensor)
    if (known !== undefined) return known
    const layer = tensor.sourceLayer
    const node = layer.inboundNodes[tensor.nodeIndex]!
    const before = { last: last && passesScores(layer, node.inputTensors[0]!, tensor) }
    const inputs = node.inputTensors.map((input) => this.#value(input, scope, before))
    const id = isModel(layer)
      ? this.#model(layer, inputs, layer.outputs[tensor.outputTensorIndex ?? 0]!, scope.trainable, { last })
      : this.#layer(layer, inputs, scope, { last })
    this.#noteCall(layer.name, node.callArgs)
    scope.values.set(tensor, id)
    this.results.set(layer.name, id)
    return id
  }

  #layer(layer: tf.layers.Layer, inputs: readonly string[], { model, trainable }: Scope, { last }: Place): string {
    const className = layer.getClassName()
    const told = this.#told(layer.name, `layer ${model.layers.indexOf(layer)} '${layer.name}' (${className})`)
    const convert = converters[className]
    if (convert === undefined) {
      const fix = `Supported: ${Object.keys(converters).join(', ')}. Replace it, or build the network with graph().`
      return told.refuse('has no counterpart among the ops.', fix)
    }
    const weights = layer.weights.length > 0 ? layer.getWeights() : []
    if (weights.length > 0 && this.#weighted.has(layer))
      told.refuse('is applied more than once.', 'Shared weights are not supported: use one layer for each place.')
    this.#weighted.add(layer)
    const shapes = inputs.map((input) => this.#shapes.get(input)!)
    const outputShape = fixedShape(shapeAfter(layer, shapes), `'${layer.name}'`)
    const frozen = weights.length > 0 && !(trainable && layer.trainableWeights.length > 0)
    const entries = entriesOf(layer)
    const id = convert({
      ...told,
      read: entries.read,
      weights,
      frozen,
      inputs,
      inputShapes: shapes,
      inputShape: shapes[0]!,
      outputShape,
      last,
      place: (op, reads, tensors, part) => {
        const name = part === undefined ? layer.name : `${layer.name}/${part}`
        const fixed = frozen && tensors?.parameters !== undefined
        return this.collected.place(name, { ...op, inputs: reads, ...(fixed && { trainable: false }) }, tensors ?? {})
      },
      leaveOut: (activation) => (this.leftOut = activation),
    })
    judgeUnread(told, entries.unread())
    this.#shapes.set(id, outputShape)
    return id
  }

  /** TensorFlow.js itself passes over what a layer was called with, `{ training: false }` for example. */
  #noteCall(name: string, options: Readonly<Record<string, unknown>> | undefined): void {
    const given = Object.entries(options ?? {}).filter(([, value]) => value !== null && value !== undefined)
    if (given.length === 0) return
    const listed = given.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ')
    this.notes.push(`'${name}' was called with ${listed}, which changes nothing here, as in TensorFlow.js.`)
  }

  #told(name: string, where: string) {
    return {
      name,
      note: (text: string) => void this.notes.push(text),
      refuse: (problem: string, fix: string): never => unsupportedLayer(where, problem, fix),
    }
  }
}
