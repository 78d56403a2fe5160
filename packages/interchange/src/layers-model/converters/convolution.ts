import * as tf from '@tensorflow/tfjs'
import { conv2d, depthwiseConv2d } from '@gpdjs/core'
import { axesOf, windowOf, type ConvertedLayer, type LayerConverter, type NodeTensors } from '../layer.ts'
import { activate } from './activation.ts'

function kernelWindow(layer: ConvertedLayer) {
  if ((layer.read('groups') ?? 1) !== 1) layer.refuse('is grouped.', 'Use groups 1.')
  const dilation = axesOf(layer, 'dilationRate')
  return { ...windowOf(layer, 'kernelSize'), ...(dilation !== 1 && { dilation }) }
}

/** `[weight]` or `[weight, bias]` under the names of our ops. */
export const weightAndBias = ([weight, bias]: readonly (tf.Tensor | undefined)[]): NodeTensors => ({
  parameters: { weight: weight!, ...(bias && { bias }) },
})

const useBias = (layer: ConvertedLayer): boolean => layer.read('useBias') !== false

export const convolution: LayerConverter = (layer) => {
  const filters = layer.read('filters') as number
  const op = conv2d({ ...kernelWindow(layer), filters, useBias: useBias(layer) })
  return activate(layer, layer.read('activation'), layer.place(op, layer.inputs, weightAndBias(layer.weights)))
}

/**
 * One filter for each channel, or several: the latter is a convolution with one group for each channel, whose kernel
 * `[height, width, 1, channels · several]` holds the numbers of Keras' `[height, width, channels, several]`.
 */
function placeDepthwise(
  layer: ConvertedLayer,
  [kernel, bias]: readonly (tf.Tensor | undefined)[],
  part?: string,
): string {
  const [height, width, channels, several] = kernel!.shape as [number, number, number, number]
  layer.read('depthMultiplier')
  const window = { ...kernelWindow(layer), useBias: bias !== undefined }
  if (several === 1) return layer.place(depthwiseConv2d(window), layer.inputs, weightAndBias([kernel, bias]), part)
  const filters = channels * several
  const op = conv2d({ ...window, filters, groups: channels })
  const weight = tf.reshape(kernel!, [height, width, 1, filters])
  return layer.place(op, layer.inputs, weightAndBias([weight, bias]), part)
}

export const depthwiseConvolution: LayerConverter = (layer) => {
  layer.read('useBias')
  const dilation = axesOf(layer, 'dilationRate')
  if (dilation !== 1)
    layer.refuse(
      `has dilationRate [${[dilation].flat().join(', ')}], which TensorFlow.js passes over: it computes as if it were 1.`,
      'Set it to 1, or build the network with depthwiseConv2d({ dilation }) of @gpdjs/core.',
    )
  return activate(layer, layer.read('activation'), placeDepthwise(layer, layer.weights))
}

/** A depthwise convolution without bias, then a pointwise one. */
export const separableConvolution: LayerConverter = (layer) => {
  const [depthwise, pointwise, bias] = layer.weights
  const mixed = conv2d({
    filters: layer.read('filters') as number,
    kernelSize: 1,
    strides: 1,
    padding: 'valid',
    useBias: useBias(layer),
  })
  const x = placeDepthwise(layer, [depthwise], 'depthwise')
  return activate(
    layer,
    layer.read('activation'),
    layer.place(mixed, [x], weightAndBias([pointwise, bias]), 'pointwise'),
  )
}
