import * as tf from '@tensorflow/tfjs'
import { channelAxis, fixedAxis } from '../axes/axes.ts'
import { fanInUniform, heNormal } from '../axes/parameters.ts'
import { biasAdd } from '../tensor-ops/bias-add.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'
import { roundingMode, slide, tfPadding, windowOptions } from './window.ts'

const ATTRIBUTES = {
  ...windowOptions(1, 'same'),
  /** Whether a learned number is added to each channel (default `false`). */
  useBias: option(kinds.flag, false),
}

/** One filter for each channel, kernel `[kernelSize, kernelSize, channels, 1]`. Channels stay in their group. */
export const depthwiseConv2d = defineOp({
  name: 'depthwiseConv2d',
  attributes: ATTRIBUTES,
  infer({ node, attributes, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [height, width] = slide(node, shape, attributes)
    const area = attributes.kernelSize ** 2
    const window = [fixedAxis(attributes.kernelSize), fixedAxis(attributes.kernelSize)]
    const weight = {
      name: 'weight',
      axes: [...window, channelAxis(channels), fixedAxis(1)],
      initializer: heNormal(area),
      decay: true,
    }
    const bias = { name: 'bias', axes: [channelAxis(channels)], initializer: fanInUniform(area), decay: false }
    return {
      shape: [height, width, shape[2]!],
      channels,
      parameters: attributes.useBias ? [weight, bias] : [weight],
      multiplyAdds: height * width * area * shape[2]!,
    }
  },
  apply({ attributes, inputs, parameters }) {
    const padding = tfPadding(attributes)
    const [x, kernel] = [inputs[0] as tf.Tensor4D, parameters['weight'] as tf.Tensor4D]
    const y = tf.depthwiseConv2d(x, kernel, attributes.strides, padding, 'NHWC', [1, 1], roundingMode(padding))
    return attributes.useBias ? biasAdd(y, parameters['bias'] as tf.Tensor1D) : y
  },
})
