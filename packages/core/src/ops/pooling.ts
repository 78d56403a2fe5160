import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '../shape.ts'
import { globalAveragePool as spatialMean } from '../tensor-ops/global-average-pool.ts'
import { defineOp } from './op.ts'
import { roundingMode, slide, tfPadding, windowOptions } from './window.ts'

type Pool = (
  x: tf.Tensor4D,
  size: number,
  strides: number,
  padding: number | 'same' | 'valid',
  mode?: 'floor',
) => tf.Tensor4D

const pool = (name: string, f: Pool) =>
  defineOp({
    name,
    attributes: windowOptions(2, 'valid'),
    infer({ node, attributes, inputs }) {
      const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
      return { shape: [...slide(node, shape, attributes), shape[2]!], channels }
    },
    apply({ attributes, inputs }) {
      const padding = tfPadding(attributes)
      return f(inputs[0] as tf.Tensor4D, attributes.kernelSize, attributes.strides, padding, roundingMode(padding))
    },
  })

export const maxPool = pool('maxPool', (x, size, strides, padding, mode) => tf.maxPool(x, size, strides, padding, mode))

/** Average pooling; positions outside the image are not counted. */
export const averagePool = pool('averagePool', (x, size, strides, padding, mode) =>
  tf.avgPool(x, size, strides, padding, mode),
)

/** `[height, width, channels]` → `[channels]`, the mean over all positions. */
export const globalAveragePool = defineOp({
  name: 'globalAveragePool',
  infer: ({ inputs }) => ({ shape: [inputs[0]!.shape.at(-1)!], channels: inputs[0]!.channels }),
  apply: ({ inputs }) => spatialMean(inputs[0] as tf.Tensor4D),
})

/** Any shape → `[values]`. Every position repeats the channels; the layout keeps the number of repetitions for expansion. */
export const flatten = defineOp({
  name: 'flatten',
  infer({ inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const positions = sizeOf(shape.slice(0, -1))
    if (channels.length > 1) groups.fix(channels)
    const repeated = channels.map((segment) => ({
      ...segment,
      size: segment.size * positions,
      repeat: segment.repeat * positions,
    }))
    return { shape: [sizeOf(shape)], channels: repeated }
  },
  apply: ({ inputs }) => tf.reshape(inputs[0]!, [inputs[0]!.shape[0]!, -1]),
})
