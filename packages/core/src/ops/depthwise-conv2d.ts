import * as tf from '@tensorflow/tfjs'
import { channelAxis, fixedAxis } from '../axes/axes.ts'
import { fanInUniform, heNormal } from '../axes/parameters.ts'
import { biasAdd } from '../tensor-ops/bias-add.ts'
import { dilateKernel } from '../tensor-ops/dilate-kernel.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'
import { DILATION, pairOf, slide, tfWindow, windowArea, windowOptions } from './window.ts'

const ATTRIBUTES = {
  ...windowOptions(1, 'same'),
  ...DILATION,
  /** Whether a learned number is added to each channel (default `false`). */
  useBias: option(kinds.flag, false),
}

/**
 * One filter for each channel, kernel `[rows, columns, channels, 1]`. Channels stay in their group. A dilated one takes the
 * time of the larger window.
 */
export const depthwiseConv2d = defineOp({
  name: 'depthwiseConv2d',
  attributes: ATTRIBUTES,
  infer({ node, attributes, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [height, width] = slide(node, shape, attributes)
    const area = windowArea(attributes)
    const window = pairOf(attributes.kernelSize).map(fixedAxis)
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
    const { strides, padding, rounding } = tfWindow(attributes)
    const x = inputs[0] as tf.Tensor4D
    const kernel = dilateKernel(parameters['weight'] as tf.Tensor4D, pairOf(attributes.dilation ?? 1))
    const y = tf.depthwiseConv2d(x, kernel, strides, padding, 'NHWC', [1, 1], rounding)
    return attributes.useBias ? biasAdd(y, parameters['bias'] as tf.Tensor1D) : y
  },
})
