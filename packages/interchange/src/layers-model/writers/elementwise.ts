import * as tf from '@tensorflow/tfjs'
import { unwritable, type LayerWriter, type WrittenNode } from '../writer.ts'

type Options = { name: string }

/** Ops that are one Keras layer and need nothing but its name. */
const plain =
  (layer: (options: Options) => tf.layers.Layer): LayerWriter =>
  (written) =>
    written.apply(layer({ name: written.node.id }), written.inputs.length > 1 ? [...written.inputs] : undefined)

export const rectifier = plain(({ name }) => tf.layers.reLU({ name }))
export const rectifier6 = plain(({ name }) => tf.layers.reLU({ name, maxValue: 6 }))

/** Activations by Keras' names; its types do not list all of them. */
const named = (activation: string): LayerWriter =>
  plain(({ name }) => tf.layers.activation({ name, activation: activation as 'relu' }))

// Keras' gelu is the exact one.
export const gelu = named('gelu')
export const geluTanh = named('gelu_new')
export const selu = named('selu')
export const swish = named('swish')
export const mish = named('mish')
export const sigmoid = named('sigmoid')
export const hardSigmoid = named('hardSigmoid')
export const softmax = plain(({ name }) => tf.layers.softmax({ name, axis: -1 }))
export const tanh = named('tanh')
export const softplus = named('softplus')
export const softsign = named('softsign')

const slope = (written: WrittenNode): number => written.node.attributes['alpha'] as number

export const leakyRectifier: LayerWriter = (written) =>
  written.apply(tf.layers.leakyReLU({ name: written.node.id, alpha: slope(written) }))

export const exponential: LayerWriter = (written) =>
  slope(written) === 1
    ? written.apply(tf.layers.elu({ name: written.node.id }))
    : unwritable(written.node, `has alpha ${slope(written)}; Keras in TensorFlow.js supports 1 only.`)

export const sum = plain(({ name }) => tf.layers.add({ name }))
export const product = plain(({ name }) => tf.layers.multiply({ name }))
export const mean = plain(({ name }) => tf.layers.average({ name }))
export const concatenation = plain(({ name }) => tf.layers.concatenate({ name, axis: -1 }))

export const dropout: LayerWriter = (written) =>
  written.apply(tf.layers.dropout({ name: written.node.id, rate: written.node.attributes['rate'] as number }))

/** Leaving out whole branches exists in training only, and Keras has no layer for it. */
export const identity: LayerWriter = (written) => written.inputs[0]!
