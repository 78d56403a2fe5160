import * as tf from '@tensorflow/tfjs'
import { inputAxis, outputAxis } from '../axes/axes.ts'
import { fanInUniform } from '../axes/parameters.ts'
import { sizeOf } from '../shape.ts'
import { biasAdd } from '../tensor-ops/bias-add.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Channels that come out. */
  units: needed(kinds.count),
  /** Whether a learned number is added to each channel (default `true`). */
  useBias: option(kinds.flag, true),
}

/** Fully connected layer over the last axis, kernel `[channels, units]` (PyTorch's transposed). */
export const dense = defineOp({
  name: 'dense',
  attributes: ATTRIBUTES,
  infer({ node, attributes, inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const made = groups.start(node, attributes.units)
    groups.tieAll(channels)
    const fanIn = shape.at(-1)!
    const weight = {
      name: 'weight',
      axes: [inputAxis(channels), outputAxis(made)],
      initializer: fanInUniform(fanIn),
      decay: true,
    }
    const bias = { name: 'bias', axes: [outputAxis(made)], initializer: fanInUniform(fanIn), decay: false }
    const rows = shape.slice(0, -1)
    return {
      shape: [...rows, attributes.units],
      channels: made,
      parameters: attributes.useBias ? [weight, bias] : [weight],
      multiplyAdds: sizeOf(rows) * fanIn * attributes.units,
    }
  },
  apply({ attributes, inputs, parameters }) {
    const x = inputs[0]!
    const kernel = parameters['weight'] as tf.Tensor2D
    const rows = tf.matMul(tf.reshape(x, [-1, kernel.shape[0]]), kernel)
    const y = tf.reshape(rows, [...x.shape.slice(0, -1), attributes.units])
    return attributes.useBias ? biasAdd(y, parameters['bias'] as tf.Tensor1D) : y
  },
  widen: (attributes, { output }) => ({ ...attributes, units: attributes.units * output }),
})
