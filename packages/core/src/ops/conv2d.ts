import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { channelAxis, fixedAxis, inputAxis, outputAxis, type Axis } from '../axes/axes.ts'
import { fanInUniform, heNormal } from '../axes/parameters.ts'
import { biasAdd } from '../tensor-ops/bias-add.ts'
import { dilateKernel } from '../tensor-ops/dilate-kernel.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, type Filled } from '../options/option.ts'
import { defineOp } from './op.ts'
import { DILATION, pairOf, slide, tfWindow, windowArea, windowOptions } from './window.ts'

const ATTRIBUTES = {
  ...windowOptions(1, 'same'),
  ...DILATION,
  /** Channels that come out. */
  filters: needed(kinds.count),
  /** Whether a learned number is added to each channel (default `false`). */
  useBias: option(kinds.flag, false),
  /** Input and output channels fall into this many blocks; a block of outputs reads one block of inputs (default 1). */
  groups: option(kinds.count, 1),
}

export type Conv2dAttributes = Filled<typeof ATTRIBUTES>

function convolve(x: tf.Tensor4D, kernel: tf.Tensor4D, attributes: Conv2dAttributes): tf.Tensor4D {
  const { strides, padding, rounding } = tfWindow(attributes)
  return tf.conv2d(x, kernel, strides, padding, 'NHWC', [1, 1], rounding)
}

/**
 * Where every group is one channel, a grouped convolution is a depthwise one with `filters / groups` filters for each
 * channel: the same numbers in the same order, in one kernel instead of one for each group.
 */
function convolveChannels(x: tf.Tensor4D, kernel: tf.Tensor4D, attributes: Conv2dAttributes): tf.Tensor4D {
  const { strides, padding, rounding } = tfWindow(attributes)
  const { groups, filters } = attributes
  const each = tf.reshape<tf.Rank.R4>(kernel, [kernel.shape[0], kernel.shape[1], groups, filters / groups])
  return tf.depthwiseConv2d(x, each, strides, padding, 'NHWC', [1, 1], rounding)
}

/** Each block of input channels by its own block of filters. */
export function convolveGroups(x: tf.Tensor4D, kernel: tf.Tensor4D, attributes: Conv2dAttributes): tf.Tensor4D {
  const inputs = tf.split<tf.Tensor4D>(x, attributes.groups, 3)
  const kernels = tf.split<tf.Tensor4D>(kernel, attributes.groups, 3)
  return tf.concat(
    inputs.map((input, i) => convolve(input, kernels[i]!, attributes)),
    3,
  )
}

/** `x · inner` at every position: a 1×1 convolution. */
function mixChannels(x: tf.Tensor4D, inner: tf.Tensor2D): tf.Tensor4D {
  const channels = inner.shape[0]
  const mixed = tf.matMul(tf.reshape<tf.Rank.R2>(x, [-1, channels]), inner)
  return tf.reshape(mixed, [...x.shape.slice(0, 3), inner.shape[1]] as [number, number, number, number])
}

function convolution(channels: number, groups: number): typeof convolve {
  if (groups === 1) return convolve
  return groups === channels ? convolveChannels : convolveGroups
}

/**
 * 2-D convolution of an image, kernel `[rows, columns, channels / groups, filters]`. A dilated one is computed with zeros in
 * its kernel: it takes the time of the larger window.
 *
 * A view may give a part of the kernel as a product (no groups): `weight/inner` `[channels, middle]` and `weight/outer`
 * `[rows, columns, middle, filters]`, run one after the other.
 *
 * Expanding a grouped convolution multiplies its groups: each copy of a block of input channels keeps its own copy of
 * the filters, so the weights are tiled over the outputs and divided by nothing.
 */
export const conv2d = defineOp({
  name: 'conv2d',
  attributes: ATTRIBUTES,
  optional: ['weight/inner', 'weight/outer'],
  infer({ node, attributes, inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [height, width] = slide(node, shape, attributes)
    const depth = shape[2]!
    if (depth % attributes.groups !== 0 || attributes.filters % attributes.groups !== 0) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': ${depth} channels and ${attributes.filters} filters do not divide into ${attributes.groups} groups.`,
      )
    }
    const made = groups.start(node, attributes.filters)
    const grouped = attributes.groups > 1
    if (grouped) groups.follow(made, channels)
    else groups.tieAll(channels)
    const window = pairOf(attributes.kernelSize).map(fixedAxis)
    const out: Axis = grouped ? channelAxis(made) : outputAxis(made)
    const kernel = [...window, grouped ? fixedAxis(depth / attributes.groups) : inputAxis(channels), out]
    const area = windowArea(attributes)
    const fanIn = (area * depth) / attributes.groups
    const weight = {
      name: 'weight',
      axes: kernel,
      initializer: heNormal((area * attributes.filters) / attributes.groups),
      decay: true,
    }
    const bias = { name: 'bias', axes: [out], initializer: fanInUniform(fanIn), decay: false }
    return {
      shape: [height, width, attributes.filters],
      channels: made,
      parameters: attributes.useBias ? [weight, bias] : [weight],
      multiplyAdds: height * width * fanIn * attributes.filters,
    }
  },
  apply({ attributes, inputs, parameters }) {
    const x = inputs[0] as tf.Tensor4D
    const dilated = (kernel: tf.Tensor) => dilateKernel(kernel as tf.Tensor4D, pairOf(attributes.dilation ?? 1))
    const whole = convolution(x.shape[3], attributes.groups)(x, dilated(parameters['weight']!), attributes)
    const [inner, outer] = [parameters['weight/inner'], parameters['weight/outer']]
    const y =
      inner && outer ? tf.add(whole, convolve(mixChannels(x, inner as tf.Tensor2D), dilated(outer), attributes)) : whole
    return attributes.useBias ? biasAdd(y, parameters['bias'] as tf.Tensor1D) : y
  },
  widen: (attributes, { input, output }) => ({
    ...attributes,
    filters: attributes.filters * output,
    groups: attributes.groups > 1 ? attributes.groups * input : 1,
  }),
})
