import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase, type Filling } from './case.ts'

type Pad = 'same' | 'valid' | number
type Triple = number | [number, number, number]

// [batch, depth, height, width, channels], filters, window, strides, padding
type Volume = readonly [
  volume: readonly [number, number, number, number, number],
  filters: number,
  window: Triple,
  strides: Triple,
  pad: Exclude<Pad, number>,
]

const tripleOf = (triple: Triple): [number, number, number] =>
  typeof triple === 'number' ? [triple, triple, triple] : triple

const VOLUMES: readonly Volume[] = [
  [[1, 3, 4, 5, 2], 3, 2, 1, 'same'],
  [[1, 4, 4, 3, 2], 3, 3, 1, 'valid'],
  [[2, 3, 4, 5, 2], 2, 3, 2, 'same'],
  [[1, 4, 5, 4, 1], 2, [1, 2, 3], [2, 1, 2], 'valid'],
  [[1, 3, 3, 3, 2], 4, 1, 1, 'same'],
]

const convolution = ([volume, filters, window, strides, pad]: Volume): ConformanceCase => ({
  name: `conv3d ${describe(volume, filters, window, strides, pad)}`,
  inputs: { x: { shape: volume }, w: { shape: [...tripleOf(window), volume[4], filters] } },
  f: ({ x, w }) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, strides, pad),
  fails: ['wasm Conv3DBackpropInputV2', ...(strides === 1 ? [] : ['wasm Conv3DBackpropFilterV2'])],
})

const dilated: ConformanceCase = {
  name: 'conv3d dilated by 2',
  inputs: { x: { shape: [1, 4, 5, 6, 2] }, w: { shape: [2, 2, 3, 2, 3] } },
  f: ({ x, w }) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same', 'NDHWC', [2, 2, 2]),
  fails: ['gradient Conv3D'],
  refusedBy: ['tensorflow'],
}

/** Of a volume of half the size, `strides` times as large afterwards. */
const transposed = (strides: 1 | 2): ConformanceCase => ({
  name: `conv3dTranspose with strides of ${strides}`,
  inputs: { x: { shape: [2, 2, 3, 2, 3] }, w: { shape: [2, 3, 2, 2, 3] } },
  f: ({ x, w }) =>
    tf.conv3dTranspose(
      x as tf.Tensor5D,
      w as tf.Tensor5D,
      [2, 2 * strides, 3 * strides, 2 * strides, 2],
      strides,
      'same',
    ),
  fails: ['gradient Conv3DBackpropInputV2', 'wasm Conv3DBackpropInputV2'],
})

// volume, window, strides, padding
const POOLS: readonly (readonly [[number, number, number, number, number], Triple, Triple, Pad])[] = [
  [[1, 4, 4, 4, 2], 2, 2, 'valid'],
  [[1, 3, 5, 4, 3], 3, 2, 'same'],
  [[1, 4, 3, 5, 2], [1, 2, 3], 1, 'same'],
]

const maxPool =
  (filling: Filling) =>
  ([shape, window, strides, pad]: (typeof POOLS)[number]): ConformanceCase => ({
    name: `maxPool3d ${filling} ${describe(shape, window, strides, pad)}`,
    inputs: { x: { shape, filling } },
    f: ({ x }) => tf.maxPool3d(x as tf.Tensor5D, window, strides, pad),
    fails: [
      ...(filling === 'negative' ? ['wasm MaxPool3D', 'wasm MaxPool3DGrad'] : []),
      ...(typeof window === 'number' ? [] : ['cpu MaxPool3DGrad']),
    ],
  })

const avgPool = ([shape, window, strides, pad]: (typeof POOLS)[number]): ConformanceCase => ({
  name: `avgPool3d ${describe(shape, window, strides, pad)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.avgPool3d(x as tf.Tensor5D, window, strides, pad),
  ...(pad === 'valid' ? {} : { fails: ['gradient AvgPool3D'] }),
})

export const volumeCases: readonly ConformanceCase[] = [
  ...VOLUMES.map(convolution),
  dilated,
  transposed(1),
  transposed(2),
  ...POOLS.map(maxPool('distinct')),
  ...POOLS.map(maxPool('negative')),
  ...POOLS.map(avgPool),
]
