import * as tf from '@tensorflow/tfjs'
import type { Conv2dAttributes } from '@gpdjs/core'
import type { LayerWriter, WrittenNode } from '../writer.ts'
import { padded } from './window.ts'

/** The kernel and, if there is one, the bias. */
export const weightAndBias = (written: WrittenNode): tf.Tensor[] =>
  written.node.attributes['useBias'] === true
    ? [written.tensor('weight'), written.tensor('bias')]
    : [written.tensor('weight')]

/**
 * A grouped kernel `[kh, kw, channels / groups, filters]` as a plain one `[kh, kw, channels, filters]`: zero wherever a
 * filter does not read a channel. Keras' convolution of TensorFlow.js has no groups.
 */
function blockDiagonal(kernel: tf.Tensor, groups: number): tf.Tensor {
  return tf.tidy(() => {
    const depth = kernel.shape[2]!
    const blocks = tf.split(kernel, groups, 3).map((block, i) =>
      tf.pad(block, [
        [0, 0],
        [0, 0],
        [i * depth, (groups - 1 - i) * depth],
        [0, 0],
      ]),
    )
    return tf.concat(blocks, 3)
  })
}

export const convolution: LayerWriter = (written) => {
  const { filters, kernelSize, strides, useBias, groups } = written.node.attributes as unknown as Conv2dAttributes
  const { input, padding } = padded(written)
  const [kernel, ...bias] = weightAndBias(written)
  if (groups > 1 && groups === written.inputShape[2]) {
    // One channel in each group: a depthwise convolution with several filters for each.
    const depthMultiplier = filters / groups
    const window = { kernelSize, strides, padding, useBias, depthMultiplier }
    const each = tf.reshape(kernel!, [kernelSize, kernelSize, groups, depthMultiplier])
    return written.apply(tf.layers.depthwiseConv2d({ name: written.node.id, ...window }), input, [each, ...bias])
  }
  const layer = tf.layers.conv2d({ name: written.node.id, filters, kernelSize, strides, padding, useBias })
  return written.apply(layer, input, [groups === 1 ? kernel! : blockDiagonal(kernel!, groups), ...bias])
}

export const depthwiseConvolution: LayerWriter = (written) => {
  const { kernelSize, strides, useBias } = written.node.attributes as unknown as Conv2dAttributes
  const { input, padding } = padded(written)
  const layer = tf.layers.depthwiseConv2d({ name: written.node.id, kernelSize, strides, padding, useBias })
  return written.apply(layer, input, weightAndBias(written))
}

export const dense: LayerWriter = (written) => {
  const { units, useBias } = written.node.attributes as { units: number; useBias: boolean }
  return written.apply(tf.layers.dense({ name: written.node.id, units, useBias }), undefined, weightAndBias(written))
}
