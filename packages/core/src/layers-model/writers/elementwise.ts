import * as tf from '@tensorflow/tfjs'
import type { LayerWriter } from '../writer.ts'

type Options = { name: string }

/** Ops that are one Keras layer and need nothing but its name. */
const plain =
  (layer: (options: Options) => tf.layers.Layer): LayerWriter =>
  (written) =>
    written.apply(layer({ name: written.node.id }), written.inputs.length > 1 ? [...written.inputs] : undefined)

export const rectifier = plain(({ name }) => tf.layers.reLU({ name }))
export const rectifier6 = plain(({ name }) => tf.layers.reLU({ name, maxValue: 6 }))
// Keras' gelu is the exact one; its types do not list it.
export const gelu = plain(({ name }) => tf.layers.activation({ name, activation: 'gelu' as 'relu' }))
export const sum = plain(({ name }) => tf.layers.add({ name }))
export const product = plain(({ name }) => tf.layers.multiply({ name }))
export const mean = plain(({ name }) => tf.layers.average({ name }))
export const concatenation = plain(({ name }) => tf.layers.concatenate({ name, axis: -1 }))

export const dropout: LayerWriter = (written) =>
  written.apply(tf.layers.dropout({ name: written.node.id, rate: written.node.attributes['rate'] as number }))

/** Leaving out whole branches exists in training only, and Keras has no layer for it. */
export const identity: LayerWriter = (written) => written.inputs[0]!
