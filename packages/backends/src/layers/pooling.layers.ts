import * as tf from '@tensorflow/tfjs'
import { configurations, marked, type LayerCase } from './layer-case.ts'

const { averagePooling1d, averagePooling2d, averagePooling3d, maxPooling1d, maxPooling2d, maxPooling3d } = tf.layers
const { globalAveragePooling1d, globalAveragePooling2d, globalMaxPooling1d, globalMaxPooling2d } = tf.layers
const { cropping2D, upSampling2d, zeroPadding2d } = tf.layers

const windows1d = [{}, { poolSize: 3, strides: 1 }, { poolSize: 3, strides: 2, padding: 'same' }] as const
const windows2d = [
  {},
  { poolSize: 3, strides: 2, padding: 'same' },
  { poolSize: [3, 2], strides: [1, 2] },
  { poolSize: 2, strides: 2, dataFormat: 'channelsFirst' },
] as const
const windows3d = [{}, { poolSize: [2, 3, 1], strides: 1, padding: 'same' }] as const

/** The plain gradient divides windows at the border by their whole area. */
const averaged = (cases: readonly LayerCase[], repaired: string): LayerCase[] =>
  marked(cases, { repaired }, (name) => name.includes('same'))

/** Poolings, and what crops, pads and repeats images. */
export const pooling: Readonly<Record<string, readonly LayerCase[]>> = {
  maxPooling1d: configurations(maxPooling1d, [7, 3], ...windows1d),
  maxPooling2d: configurations(maxPooling2d, [6, 5, 3], ...windows2d),
  maxPooling3d: marked(
    configurations(maxPooling3d, [4, 5, 3, 2], ...windows3d),
    { repaired: 'MaxPool3DGrad' },
    (name) => name.includes('[2,3,1]'),
  ),
  averagePooling1d: averaged(configurations(averagePooling1d, [7, 3], ...windows1d), 'AvgPool'),
  averagePooling2d: averaged(configurations(averagePooling2d, [6, 5, 3], ...windows2d), 'AvgPool'),
  averagePooling3d: averaged(configurations(averagePooling3d, [4, 5, 3, 2], ...windows3d), 'AvgPool3D'),
  globalAveragePooling1d: configurations(globalAveragePooling1d, [7, 3], {}),
  globalMaxPooling1d: configurations(globalMaxPooling1d, [7, 3], {}),
  globalAveragePooling2d: configurations(
    globalAveragePooling2d,
    [6, 5, 3],
    { dataFormat: 'channelsLast' },
    { dataFormat: 'channelsFirst' },
  ),
  globalMaxPooling2d: configurations(
    globalMaxPooling2d,
    [6, 5, 3],
    { dataFormat: 'channelsLast' },
    { dataFormat: 'channelsFirst' },
  ),
  cropping2D: configurations(
    cropping2D,
    [6, 5, 3],
    { cropping: 1 },
    {
      cropping: [
        [1, 2],
        [0, 1],
      ],
    },
    {
      cropping: [
        [1, 2],
        [0, 1],
      ],
      dataFormat: 'channelsFirst',
    },
  ),
  upSampling2d: [
    ...marked(
      configurations(
        upSampling2d,
        [3, 2, 3],
        {},
        { size: [2, 3], interpolation: 'nearest' },
        { size: [2, 1], dataFormat: 'channelsFirst' },
      ),
      { repaired: 'ResizeNearestNeighbor' },
    ),
    ...marked(configurations(upSampling2d, [3, 2, 3], { size: [2, 2], interpolation: 'bilinear' }), {
      repaired: 'ResizeBilinear',
    }),
  ],
  zeroPadding2d: configurations(
    zeroPadding2d,
    [3, 4, 2],
    {},
    { padding: [2, 1] },
    {
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
    { padding: [1, 2], dataFormat: 'channelsFirst' },
  ),
}
