import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '../shape.ts'
import { globalAveragePool as spatialMean } from '../tensor-ops/global-average-pool.ts'
import { expectRank } from './expect-rank.ts'
import { defineOp } from './op.ts'
import { slide, tfSize, tfWindow, windowOptions, type TfWindow } from './window.ts'

type Pool = (
  x: tf.Tensor4D,
  size: number | [number, number],
  strides: TfWindow['strides'],
  padding: TfWindow['padding'],
  rounding: TfWindow['rounding'],
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
      const { strides, padding, rounding } = tfWindow(attributes)
      return f(inputs[0] as tf.Tensor4D, tfSize(attributes.kernelSize), strides, padding, rounding)
    },
  })

export const maxPool = pool('maxPool', (x, size, strides, padding, rounding) =>
  tf.maxPool(x, size, strides, padding, rounding),
)

/** Average pooling; positions outside the image are not counted. */
export const averagePool = pool('averagePool', (x, size, strides, padding, rounding) =>
  tf.avgPool(x, size, strides, padding, rounding),
)

/** `[height, width, channels]` → `[channels]`, the mean over all positions. */
export const globalAveragePool = defineOp({
  name: 'globalAveragePool',
  infer: ({ inputs }) => ({ shape: [inputs[0]!.shape.at(-1)!], channels: inputs[0]!.channels }),
  apply: ({ inputs }) => spatialMean(inputs[0] as tf.Tensor4D),
})

/** `[height, width, channels]` → `[channels]`, the largest over all positions. */
export const globalMaxPool = defineOp({
  name: 'globalMaxPool',
  infer(context) {
    const shape = expectRank(context, 3, 'an image [height, width, channels]')
    return { shape: [shape[2]!], channels: context.inputs[0]!.channels }
  },
  apply: ({ inputs }) => tf.max(inputs[0]!, [1, 2]),
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
