import * as tf from '@tensorflow/tfjs'
import { describe, explicit, pairOf, rounding, type ConformanceCase, type Pair, type Windowed } from './case.ts'

const CONVOLUTIONS: readonly Windowed[] = [
  [[2, 6, 6, 4], 8, 3, 1, 'same'],
  [[2, 5, 7, 3], 8, 3, 1, 'same'],
  [[2, 6, 6, 4], 8, 3, 1, 'valid'],
  [[2, 7, 5, 4], 12, 3, 2, 'same'],
  [[2, 8, 8, 4], 12, 3, 2, 'same'],
  [[2, 8, 7, 4], 4, 3, 2, 1],
  [[2, 7, 8, 5], 6, 3, 2, 'valid'],
  [[1, 10, 11, 3], 5, 3, 3, 'same'],
  [[1, 11, 10, 2], 7, 5, 3, 2],
  [[2, 6, 6, 8], 16, 1, 1, 'same'],
  [[2, 7, 7, 8], 16, 1, 2, 'same'],
  [[2, 6, 5, 4], 4, [1, 3], 1, 'same'],
  [[2, 6, 5, 4], 4, [3, 1], [2, 1], 'same'],
  [[2, 5, 5, 1], 4, 5, 1, 2],
  [[2, 6, 6, 4], 4, 2, 1, 'same'],
  [[2, 6, 6, 4], 4, 4, 2, 1],
  [[1, 6, 7, 4], 4, 3, 1, explicit(0, 1, 2, 0)],
  [[1, 6, 7, 4], 4, 3, 2, explicit(1, 0, 0, 2)],
  [[1, 5, 5, 4], 4, 3, 1, 3],
  [[1, 12, 12, 3], 8, 7, 2, 3],
  [[1, 4, 4, 33], 20, 3, 1, 'same'],
  [[1, 1, 1, 5], 3, 1, 1, 'valid'],
  [[1, 1, 6, 2], 3, 3, 1, 'same'],
  [[2, 3, 3, 1], 1, 3, 1, 'valid'],
  [[1, 1, 7, 3], 2, 3, 2, 'same'],
  // Sixteen channels and more: where minimal filtering and wide blocks begin, with remainders of both.
  [[2, 5, 7, 16], 24, 3, 1, 'same'],
  [[1, 8, 8, 32], 16, 3, 1, 1],
  [[3, 1, 1, 16], 16, 3, 1, 'same'],
  [[2, 6, 5, 17], 33, 3, 1, 'same'],
  [[9, 5, 7, 16], 24, 3, 1, 'same'],
  [[8, 8, 8, 32], 16, 3, 1, 'same'],
  [[12, 6, 5, 17], 33, 3, 1, 'same'],
  [[2, 9, 7, 16], 20, 3, 2, 1],
  [[2, 8, 9, 19], 35, 3, 2, 'same'],
  [[1, 10, 11, 16], 16, 5, 3, 2],
  [[2, 7, 9, 16], 24, 1, 2, 'valid'],
  // Windows that do not overlap (stride = size), with and without a remainder at the border.
  [[2, 8, 12, 3], 16, 4, 4, 'valid'],
  [[2, 6, 8, 10], 6, 2, 2, 'same'],
  [[2, 7, 6, 4], 5, [3, 2], [1, 2], 'same'],
  [[1, 9, 13, 3], 7, 4, 4, 'valid'],
  // Few channels, or few filters.
  [[3, 9, 8, 1], 6, 3, 1, 'same'],
  [[2, 9, 10, 2], 5, [3, 2], [2, 1], explicit(1, 1, 1, 1)],
  [[2, 7, 6, 8], 3, 3, 1, 'same'],
  [[2, 8, 7, 12], 10, 3, 2, 1],
  [[2, 6, 7, 6], 2, 3, 1, 'valid'],
]

const DEPTHWISE: readonly Windowed[] = [
  [[2, 6, 6, 4], 1, 3, 1, 'same'],
  [[2, 6, 5, 20], 1, 3, 1, 'valid'],
  [[2, 7, 6, 5], 1, 3, 2, 'same'],
  [[2, 8, 8, 16], 1, 3, 2, 1],
  [[1, 9, 10, 3], 1, 5, 2, 'same'],
  [[1, 10, 9, 7], 1, 3, 3, 1],
  [[1, 6, 6, 4], 2, 3, 1, 'same'],
  [[1, 7, 7, 3], 3, 3, 2, 'same'],
  [[1, 6, 7, 4], 1, 3, 2, explicit(1, 0, 0, 2)],
  [[2, 5, 5, 6], 1, 1, 2, 'valid'],
  [[1, 1, 5, 3], 1, 3, 1, 'same'],
  [[1, 5, 1, 1], 2, 3, 1, 'same'],
]

const convolution = ([image, filters, window, strides, pad]: Windowed): ConformanceCase => ({
  name: `conv2d ${describe(image, filters, window, strides, pad)}`,
  inputs: { x: { shape: image }, w: { shape: [...pairOf(window), image[3], filters] } },
  f: ({ x, w }) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding(pad)),
  fails: ['wasm Conv2DBackpropFilter'],
})

const depthwise = ([image, multiplier, window, strides, pad]: Windowed): ConformanceCase => ({
  name: `depthwiseConv2d ${describe(image, multiplier, window, strides, pad)}`,
  inputs: { x: { shape: image }, w: { shape: [...pairOf(window), image[3], multiplier] } },
  f: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding(pad)),
  fails: ['wasm DepthwiseConv2dNativeBackpropFilter', 'wasm DepthwiseConv2dNativeBackpropInput'],
})

function grouped(groups: number): ConformanceCase {
  return {
    name: `conv2d in ${groups} groups`,
    inputs: { x: { shape: [2, 6, 5, 8] }, w: { shape: [3, 3, 8 / groups, 12] } },
    f: ({ x, w }) => {
      const parts = tf.split<tf.Tensor4D>(x as tf.Tensor4D, groups, 3)
      const kernels = tf.split<tf.Tensor4D>(w as tf.Tensor4D, groups, 3)
      return tf.concat(
        parts.map((part, i) => tf.conv2d(part, kernels[i]!, 1, 'same')),
        3,
      )
    },
    fails: ['wasm Conv2DBackpropFilter'],
  }
}

const dilated = (
  [image, filters, window, , pad]: Windowed,
  dilation: Pair,
  run: typeof tf.conv2d | typeof tf.depthwiseConv2d,
): ConformanceCase => ({
  name: `dilated ${run === tf.conv2d ? 'conv2d' : 'depthwiseConv2d'} ${describe(image, filters, window, pad, dilation)}`,
  inputs: { x: { shape: image }, w: { shape: [...pairOf(window), image[3], filters] } },
  f: ({ x, w }) => run(x as tf.Tensor4D, w as tf.Tensor4D, 1, pad, 'NHWC', dilation, rounding(pad)),
  ...(run === tf.conv2d ? { fails: ['gradient Conv2D'] } : { fails: ['gradient DepthwiseConv2dNative'] }),
})

const singleTap = (windowed: Windowed): ConformanceCase => ({
  ...convolution(windowed),
  fails: ['wasm Conv2DBackpropFilter', 'tensorflow Conv2DBackpropFilter'],
})

/** Some rows and columns are in no window. */
const SKIPPED: Windowed = [[1, 9, 7, 4], 1, 2, 3, 'same']

const fusedDepthwise = ([image, multiplier, window, strides, pad]: Windowed): ConformanceCase => ({
  name: `fused depthwiseConv2d ${describe(image, multiplier, window, strides, pad)}`,
  inputs: {
    x: { shape: image },
    filter: { shape: [...pairOf(window), image[3], multiplier] },
    bias: { shape: [image[3] * multiplier] },
  },
  f: ({ x, filter, bias }) =>
    tf.fused.depthwiseConv2d({
      x: x as tf.Tensor4D,
      filter: filter as tf.Tensor4D,
      bias: bias!,
      strides,
      pad: pad as 'same',
      activation: 'relu',
    }),
  differentiable: false,
  fails: ['wasm FusedDepthwiseConv2D'],
})

export const convolutionCases: readonly ConformanceCase[] = [
  { ...depthwise(SKIPPED), fails: ['wasm DepthwiseConv2dNative'] },
  fusedDepthwise(SKIPPED),
  singleTap([[16, 12, 12, 4], 8, 1, 2, 'valid']),
  singleTap([[1, 14, 14, 4], 8, 1, 2, 'same']),
  {
    ...depthwise([[8, 16, 8, 1], 1, 1, 2, 'same']),
    fails: ['wasm DepthwiseConv2dNativeBackpropFilter', 'tensorflow DepthwiseConv2dNativeBackpropFilter'],
  },
  ...CONVOLUTIONS.map(convolution),
  ...[2, 4].map(grouped),
  ...DEPTHWISE.map(depthwise),
  dilated([[2, 7, 8, 3], 5, 3, 1, 'same'], 2, tf.conv2d),
  dilated([[1, 9, 7, 4], 4, 3, 1, 'valid'], [3, 2], tf.conv2d),
  dilated([[1, 8, 8, 2], 3, [2, 3], 1, explicit(1, 0, 2, 1)], [1, 2], tf.conv2d),
  dilated([[2, 7, 8, 3], 1, 3, 1, 'same'], 2, tf.depthwiseConv2d),
  dilated([[1, 9, 8, 3], 2, 3, 1, 'valid'], [2, 3], tf.depthwiseConv2d),
]
