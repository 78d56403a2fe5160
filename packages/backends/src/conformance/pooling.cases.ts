import * as tf from '@tensorflow/tfjs'
import { describe, explicit, rounding, type ConformanceCase, type Filling, type Windowed } from './case.ts'

const POOLS: readonly Windowed[] = [
  [[2, 6, 6, 4], 0, 2, 2, 'valid'],
  [[1, 7, 6, 5], 0, 3, 2, 'same'],
  [[1, 7, 7, 4], 0, 3, 2, 1],
  [[1, 6, 5, 3], 0, 2, 1, 'same'],
  [[1, 8, 7, 6], 0, 3, 3, 'valid'],
  [[1, 6, 7, 4], 0, [2, 3], [2, 1], 'valid'],
  [[1, 6, 7, 4], 0, [1, 3], 1, 'same'],
  [[2, 5, 7, 3], 0, [3, 2], [2, 1], 'same'],
  [[1, 7, 5, 4], 0, [2, 4], [1, 2], explicit(1, 1, 1, 1)],
  [[1, 7, 8, 3], 0, 3, [1, 2], explicit(0, 1, 2, 0)],
  [[1, 1, 5, 3], 0, 3, 1, 'same'],
  [[1, 3, 3, 1], 0, 3, 3, 'valid'],
]

const maxPool =
  (filling: Filling) =>
  ([image, , window, strides, pad]: Windowed): ConformanceCase => ({
    name: `maxPool ${filling} ${describe(image, window, strides, pad)}`,
    inputs: { x: { shape: image, filling } },
    f: ({ x }) => tf.maxPool(x as tf.Tensor4D, window, strides, pad, rounding(pad)),
    ...(filling === 'negative' ? { fails: ['wasm MaxPoolGrad'] } : {}),
  })

const avgPool = ([image, , window, strides, pad]: Windowed): ConformanceCase => ({
  name: `avgPool ${describe(image, window, strides, pad)}`,
  inputs: { x: { shape: image } },
  f: ({ x }) => tf.avgPool(x as tf.Tensor4D, window, strides, pad, rounding(pad)),
  ...(pad === 'valid' ? {} : { fails: ['gradient AvgPool'] }),
})

const argmaxPool = (filling: Filling, includeBatch: boolean): ConformanceCase => ({
  name: `maxPoolWithArgmax ${filling}${includeBatch ? ' with batch' : ''}`,
  inputs: { x: { shape: [2, 5, 6, 3], filling } },
  f: ({ x }) => {
    const { result, indexes } = tf.maxPoolWithArgmax(x as tf.Tensor4D, 2, 2, 'valid', includeBatch)
    return tf.stack([result!, tf.cast(indexes!, 'float32')])
  },
  differentiable: false,
  refusedBy: ['tensorflow'],
  ...(filling === 'negative' ? { fails: ['wasm MaxPoolWithArgmax'] } : {}),
})

export const poolingCases: readonly ConformanceCase[] = [
  ...POOLS.map(maxPool('distinct')),
  ...POOLS.map(maxPool('negative')),
  ...POOLS.map(avgPool),
  argmaxPool('distinct', false),
  argmaxPool('negative', false),
  argmaxPool('negative', true),
]
