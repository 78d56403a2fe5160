import * as tf from '@tensorflow/tfjs'
import { configurations, marked, type LayerCase } from './layer-case.ts'

const { conv1d, conv2d, conv2dTranspose, conv3d, conv3dTranspose, depthwiseConv2d, separableConv2d } = tf.layers

const isDilated = (name: string) => name.includes('dilationRate')

/** A convolution and its activation as one operation, whose gradient is in the code of that operation. */
const FUSED = /gradient of fused conv2D: dilation rates greater than 1 are not yet supported/

/** Convolutions by the name of their function. */
export const convolutions: Readonly<Record<string, readonly LayerCase[]>> = {
  conv1d: [
    ...configurations(
      conv1d,
      [7, 3],
      { filters: 4, kernelSize: 3 },
      { filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
      { filters: 5, kernelSize: 1, activation: 'elu' },
    ),
    ...marked(configurations(conv1d, [7, 3], { filters: 2, kernelSize: 2, dilationRate: 2, useBias: false }), {
      repaired: 'Conv2D',
    }),
    ...marked(configurations(conv1d, [7, 3], { filters: 2, kernelSize: 3, padding: 'causal' }), {
      throws: /CAUSAL padding mode in conv1dWithBias is not implemented/,
    }),
  ],
  conv2d: [
    ...configurations(
      conv2d,
      [6, 5, 3],
      { filters: 4, kernelSize: 3 },
      { filters: 5, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' },
      { filters: 2, kernelSize: 3, padding: 'same', useBias: false, activation: 'sigmoid' },
      { filters: 3, kernelSize: 1, strides: 2, activation: 'relu6' },
      { filters: 17, kernelSize: 3, padding: 'same', activation: 'tanh' },
      { filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' },
    ),
    ...marked(configurations(conv2d, [6, 5, 3], { filters: 2, kernelSize: 2, dilationRate: 2 }), { throws: FUSED }),
    ...marked(
      configurations(conv2d, [6, 5, 3], { filters: 2, kernelSize: 2, dilationRate: [1, 2], activation: 'elu' }),
      {
        repaired: 'Conv2D',
      },
    ),
  ],
  conv2dTranspose: configurations(
    conv2dTranspose,
    [4, 3, 3],
    { filters: 4, kernelSize: 3 },
    { filters: 2, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' },
    { filters: 2, kernelSize: 2, strides: 2, useBias: false },
    { filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' },
  ),
  conv3d: marked(
    configurations(
      conv3d,
      [4, 5, 3, 2],
      { filters: 3, kernelSize: 2 },
      { filters: 2, kernelSize: [1, 3, 2], strides: [2, 1, 1], padding: 'same', activation: 'relu' },
      { filters: 2, kernelSize: 2, dilationRate: [2, 1, 1], useBias: false },
    ),
    { repaired: 'Conv3D' },
    isDilated,
  ),
  conv3dTranspose: marked(
    configurations(
      conv3dTranspose,
      [2, 3, 2, 2],
      { filters: 3, kernelSize: 2 },
      { filters: 2, kernelSize: 3, strides: 2, padding: 'same', useBias: false },
    ),
    { repaired: 'Conv3DBackpropInputV2' },
  ),
  depthwiseConv2d: configurations(
    depthwiseConv2d,
    [6, 5, 3],
    { kernelSize: 3 },
    { kernelSize: [3, 2], strides: [2, 2], padding: 'same', activation: 'relu' },
    { kernelSize: 3, depthMultiplier: 2, useBias: false },
    { kernelSize: 1, strides: 2, padding: 'same' },
    { kernelSize: 2, dilationRate: 2 },
  ),
  separableConv2d: marked(
    configurations(
      separableConv2d,
      [6, 5, 3],
      { filters: 4, kernelSize: 3 },
      { filters: 4, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2, activation: 'relu' },
      { filters: 2, kernelSize: 2, dilationRate: 2, useBias: false },
    ),
    { repaired: 'DepthwiseConv2dNative' },
    isDilated,
  ),
}
