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
  type Filled,
  type Given,
  type Model,
  type Network,
} from '@gpdjs/core'
import { Conversion, fixedShape } from './conversion.ts'

const OPTIONS = {
  /** Name of the network (default: the model's). */
  name: optional(kinds.text),
  /** Name of the output layer that gives the logits; needed for a model with several outputs. */
  output: optional(kinds.text),
  /** Names for intermediate results that losses read: tap → layer (default: none). */
  taps: option(kinds.recordOf(kinds.text), {}),
}

export type FromLayersModelOptions = Given<typeof OPTIONS>

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

function convert(
  model: tf.LayersModel,
  { name, output, taps }: Filled<typeof OPTIONS>,
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
  const shape = fixedShape(image.shape, 'the input')
  const logits = conversion.model(model, [IMAGE], chooseOutput(model, output), true)
  return defineNetwork({
    name: name ?? model.name,
    inputs: { [IMAGE]: { shape, dtype: 'float32' } },
    nodes: conversion.nodes,
    outputs: { [LOGITS]: logits },
    taps: tapNodes(taps, conversion.results),
  })
}

/**
 * A user's own `tf.LayersModel`, sequential or functional, as a network: a student or teacher with no rewriting.
 *
 * The model is not changed and its tensors are copied. A softmax at the very end is left out, because losses take
 * logits; then `notes` has a line about it. Layer names become node ids, so `conv2d_1`'s kernel is the parameter `conv2d_1.weight`.
 *
 * @param model one image input `[batch, height, width, channels]`, fixed size
 * @returns a model `{ image }` → `{ logits }` with tensors that the caller owns, and notes on what is not as it was: a
 *   softmax left out, a scale that is now learned
 * @throws GpdError `network.unknown-op` with position, name and class of a layer that has no counterpart;
 * `network.invalid` for several inputs, or several outputs without `options.output`; `network.shape` for open sizes
 * @example
 * const { network, parameters, statistics } = fromLayersModel(await tf.loadLayersModel(url))
 * const run = await distill({ student: network, parameters, statistics, data, optimizer, epochs: 10 })
 */
export function fromLayersModel(
  model: tf.LayersModel,
  options: FromLayersModelOptions = {},
): Model & { readonly notes: readonly string[] } {
  const filled = fillOptions('fromLayersModel', OPTIONS, options)
  const conversion = new Conversion()
  const { parameters, statistics, notes } = conversion
  try {
    const build: { network?: Network } = {}
    // Collects the constants that stand in for scales and shifts the model lacks; what is returned is a kept copy.
    tf.tidy(() => void (build.network = convert(model, filled, conversion)))
    return { network: build.network!, parameters, statistics, notes }
  } catch (error) {
    tf.dispose([parameters, statistics])
    throw error
  }
}
