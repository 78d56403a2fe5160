import * as tf from '@tensorflow/tfjs'
import {
  defineNetwork,
  didYouMean,
  fillOptions,
  GpdError,
  IMAGE,
  kinds,
  LOGITS,
  option,
  optional,
  type Given,
  type Model,
  type Shape,
} from '@gpdjs/core'
import { Conversion, fixedShape } from './conversion.ts'
import type { LastActivation } from './layer.ts'

const OPTIONS = {
  /** Name of the network (default: the model's). */
  name: optional(kinds.text),
  /** Name of the output layer that gives the logits; needed for a model with several outputs. */
  output: optional(kinds.text),
  /** Names for intermediate results that losses read: tap → layer (default: none). */
  taps: option(kinds.recordOf(kinds.text), {}),
  /** `[height, width, channels]` for a model that leaves the size of its image open (default: the model's own sizes). */
  inputShape: optional(kinds.listOf(kinds.count)),
}

export type FromLayersModelOptions = Given<typeof OPTIONS>

/** A model, and what is not as it was in the `tf.LayersModel`. */
export interface ConvertedModel extends Model {
  /** A line each: what was left out, is now learned, or is not taken over. */
  readonly notes: readonly string[]
  /**
   * What the model ended in, where it is left out so that the network gives logits: `withProbabilities(model, activation)` gives
   * its scores.
   */
  readonly activation?: LastActivation
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

/** The sizes of the image: the model's, and those that it leaves open from `inputShape`. */
function imageShape(model: tf.LayersModel, inputShape: Shape | undefined): Shape {
  const [image, ...others] = model.inputs
  if (image === undefined || others.length > 0) {
    throw new GpdError(
      'network.invalid',
      `fromLayersModel: '${model.name}' has ${model.inputs.length} inputs.`,
      'Use a model of one image.',
    )
  }
  if (inputShape === undefined) return fixedShape(image.shape, 'the input')
  const sizes = image.shape.slice(1)
  const fits =
    sizes.length === inputShape.length && sizes.every((size, axis) => size === null || size === inputShape[axis])
  if (fits) return inputShape
  throw new GpdError(
    'network.shape',
    `fromLayersModel: expected an inputShape that fits [${sizes.map((size) => size ?? 'null').join(', ')}], got [${inputShape.join(', ')}].`,
    'Only the sizes that are null may be chosen.',
  )
}

/**
 * A user's own `tf.LayersModel`, sequential or functional, as a network: a student or teacher with no rewriting.
 *
 * The model is not changed and its tensors are copied. A softmax or sigmoid at the very end is left out, because losses take
 * logits: `activation` says which, and `notes` has a line about it. Layer names become node ids, so `conv2d_1`'s kernel is the
 * parameter `conv2d_1.weight`. Layers that are not `trainable` become frozen nodes. Every entry of a layer's `getConfig()` is
 * honoured, or named in `notes` (regularizers, constraints, seeds), or refused.
 *
 * @param model one image input `[batch, height, width, channels]`
 * @returns a model `{ image }` → `{ logits }` with tensors that the caller owns, and notes on what is not as it was
 * @throws GpdError `network.unknown-op` with position, name and class of a layer that has no counterpart, or was built with
 *   something that has none; `network.invalid` for several inputs, or several outputs without `options.output`;
 *   `network.shape` for open sizes without `options.inputShape`, or one that does not fit; `config.*` for options
 * @example
 * const { network, parameters, statistics } = fromLayersModel(await tf.loadLayersModel(url))
 * const run = await distill({ student: network, parameters, statistics, data, optimizer, epochs: 10 })
 */
export function fromLayersModel(model: tf.LayersModel, options: FromLayersModelOptions = {}): ConvertedModel {
  const { name = model.name, output, taps, inputShape } = fillOptions('fromLayersModel', OPTIONS, options)
  const image = imageShape(model, inputShape)
  const conversion = new Conversion(image)
  const { notes, collected } = conversion
  const { nodes, parameters, statistics } = collected
  try {
    const found: { logits?: string } = {}
    // Collects the constants that stand in for scales and shifts the model lacks; what is returned is a kept copy.
    tf.tidy(() => void (found.logits = conversion.convert(model, chooseOutput(model, output))))
    const network = defineNetwork({
      name,
      inputs: { [IMAGE]: { shape: image, dtype: 'float32' } },
      nodes,
      outputs: { [LOGITS]: found.logits! },
      taps: tapNodes(taps, conversion.results),
    })
    const { leftOut } = conversion
    return { network, parameters, statistics, notes, ...(leftOut !== undefined && { activation: leftOut }) }
  } catch (error) {
    tf.dispose([parameters, statistics])
    throw error
  }
}
