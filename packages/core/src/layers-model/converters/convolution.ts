import type * as tf from '@tensorflow/tfjs'
import { conv2d } from '../../ops/conv2d.ts'
import { depthwiseConv2d } from '../../ops/depthwise-conv2d.ts'
import { square, windowOf, type ConvertedLayer, type LayerConverter, type NodeTensors } from '../layer.ts'
import { activate } from './activation.ts'

function plainWindow(layer: ConvertedLayer) {
  if (square(layer, 'dilationRate') !== 1) layer.refuse('is dilated.', 'Use dilationRate 1.')
  if ((layer.config['depthMultiplier'] ?? 1) !== 1)
    layer.refuse(`has depthMultiplier ${String(layer.config['depthMultiplier'])}.`, 'Use 1.')
  if ((layer.config['groups'] ?? 1) !== 1) layer.refuse('is grouped.', 'Use groups 1.')
  return windowOf(layer, 'kernelSize')
}

/** `[weight]` or `[weight, bias]` under the names of our ops. */
export const weightAndBias = ([weight, bias]: readonly (tf.Tensor | undefined)[]): NodeTensors => ({
  parameters: { weight: weight!, ...(bias && { bias }) },
})

const useBias = (layer: ConvertedLayer): boolean => layer.config['useBias'] !== false

export const convolution: LayerConverter = (layer) => {
  const filters = layer.outputShape.at(-1)!
  const op = conv2d({ ...plainWindow(layer), filters, useBias: useBias(layer) })
  return activate(layer, layer.config['activation'], layer.place(op, layer.inputs, weightAndBias(layer.weights)))
}

export const depthwiseConvolution: LayerConverter = (layer) => {
  const op = depthwiseConv2d({ ...plainWindow(layer), useBias: useBias(layer) })
  return activate(layer, layer.config['activation'], layer.place(op, layer.inputs, weightAndBias(layer.weights)))
}

/** A depthwise convolution without bias, then a pointwise one. */
export const separableConvolution: LayerConverter = (layer) => {
  const [depthwise, pointwise, bias] = layer.weights
  const spatial = depthwiseConv2d({ ...plainWindow(layer), useBias: false })
  const mixed = conv2d({
    filters: layer.outputShape.at(-1)!,
    kernelSize: 1,
    strides: 1,
    padding: 'valid',
    useBias: useBias(layer),
  })
  const x = layer.place(spatial, layer.inputs, weightAndBias([depthwise]), 'depthwise')
  return activate(
    layer,
    layer.config['activation'],
    layer.place(mixed, [x], weightAndBias([pointwise, bias]), 'pointwise'),
  )
}
