import * as tf from '@tensorflow/tfjs'
import { pairOf, tensorOps, tfSize, windowExtent, windowStrides, type Conv2dAttributes, type Window } from '@gpdjs/core'
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

/**
 * Window and kernel as layers of Keras take them. Those of TensorFlow.js stride or dilate, not both, and the depthwise one
 * does not dilate: then the kernel has zeros between its numbers.
 */
function kerasWindow(written: WrittenNode, kernel: tf.Tensor, dilates: boolean) {
  const window = written.node.attributes as unknown as Window
  const dilation = pairOf(window.dilation ?? 1)
  const strides = windowStrides(window)
  const dilationRate: [number, number] = [...dilation]
  if (dilates && strides.every((stride) => stride === 1))
    return { kernel, options: { kernelSize: tfSize(window.kernelSize), strides, dilationRate } }
  return {
    kernel: tensorOps.dilateKernel(kernel as tf.Tensor4D, dilation),
    options: { kernelSize: windowExtent(window), strides },
  }
}

/** One filter for each channel, or several: `[kh, kw, channels, several]`. */
function depthwise(written: WrittenNode, kernel: tf.Tensor, bias: readonly tf.Tensor[]): tf.SymbolicTensor {
  const { input, padding } = padded(written)
  const whole = kerasWindow(written, kernel, false)
  const options = { ...whole.options, padding, useBias: bias.length > 0, depthMultiplier: kernel.shape[3]! }
  // Its types know one number for rows and columns, its code one for each too.
  const named = { name: written.node.id, ...options } as unknown as Parameters<typeof tf.layers.depthwiseConv2d>[0]
  return written.apply(tf.layers.depthwiseConv2d(named), input, [whole.kernel, ...bias])
}

export const convolution: LayerWriter = (written) => {
  const { filters, groups } = written.node.attributes as unknown as Conv2dAttributes
  const [kernel, ...bias] = weightAndBias(written)
  // One channel in each group: a depthwise convolution with several filters for each.
  if (groups > 1 && groups === written.inputShape[2]) {
    const each = tf.reshape(kernel!, [...kernel!.shape.slice(0, 2), groups, filters / groups])
    return depthwise(written, each, bias)
  }
  const { input, padding } = padded(written)
  const whole = kerasWindow(written, groups === 1 ? kernel! : blockDiagonal(kernel!, groups), true)
  const options = { ...whole.options, filters, padding, useBias: bias.length > 0 }
  return written.apply(tf.layers.conv2d({ name: written.node.id, ...options }), input, [whole.kernel, ...bias])
}

export const depthwiseConvolution: LayerWriter = (written) => {
  const [kernel, ...bias] = weightAndBias(written)
  return depthwise(written, kernel!, bias)
}

export const dense: LayerWriter = (written) => {
  const { units, useBias } = written.node.attributes as { units: number; useBias: boolean }
  return written.apply(tf.layers.dense({ name: written.node.id, units, useBias }), undefined, weightAndBias(written))
}
