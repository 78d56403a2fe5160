import * as tf from '@tensorflow/tfjs'
import { batchNorm, normalize } from '../../tensor-ops/batch-norm.ts'
import { biasAdd } from '../../tensor-ops/bias-add.ts'
import { channelSum } from '../../tensor-ops/channel-sum.ts'
import { globalAveragePool } from '../../tensor-ops/global-average-pool.ts'
import { kernelSum } from '../../tensor-ops/kernel-sum.ts'
import { leadingBlocks } from '../../tensor-ops/leading-blocks.ts'
import { relu } from '../../tensor-ops/relu.ts'
import { describe, type ConformanceCase } from './case.ts'

const TENSOR_OPS: readonly ConformanceCase[] = [
  { name: 'relu', inputs: { x: { shape: [3, 7, 5], filling: 'distinct' } }, f: ({ x }) => relu(tf.add(x!, 0.021)) },
  {
    name: 'relu of a multiple of sixteen',
    inputs: { x: { shape: [4, 16], filling: 'distinct' } },
    f: ({ x }) => relu(tf.add(x!, 0.021)),
  },
  ...[4, 5, 16, 23, 40].map((channels): ConformanceCase => ({
    name: `batchNorm of ${channels} channels`,
    inputs: { x: { shape: [3, 5, 6, channels] }, scale: { shape: [channels] }, shift: { shape: [channels] } },
    f: ({ x, scale, shift }) => tf.square(batchNorm(x!, scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-3).y),
  })),
  ...[5, 16].map((channels): ConformanceCase => ({
    name: `normalize with ${channels} channels`,
    inputs: { x: { shape: [3, 5, channels] }, scale: { shape: [channels] }, shift: { shape: [channels] } },
    f: ({ x, scale, shift }) => {
      const mean = tf.linspace(-1, 1, channels)
      return tf.square(
        normalize(x!, mean, tf.add(tf.square(mean), 0.5), scale as tf.Tensor1D, shift as tf.Tensor1D, 1e-3),
      )
    },
  })),
  ...[3, 16, 21].map((channels): ConformanceCase => ({
    name: `biasAdd with ${channels} channels`,
    inputs: { x: { shape: [2, 4, 5, channels] }, bias: { shape: [channels] } },
    f: ({ x, bias }) => tf.square(biasAdd(x!, bias as tf.Tensor1D)),
  })),
  { name: 'channelSum', inputs: { x: { shape: [3, 50, 7] } }, f: ({ x }) => tf.square(channelSum(x!)) },
  ...[
    [3, 5],
    [4, 16],
    [7, 21],
  ].map(([inputs, outputs]): ConformanceCase => ({
    name: `kernelSum of ${inputs} to ${outputs} channels`,
    inputs: {
      coefficients: { shape: [3, 9, outputs!] },
      full: { shape: [inputs!, 9, outputs!] },
      even: { shape: [inputs!, 1, outputs!] },
      more: { shape: [inputs!, 9, outputs!] },
    },
    f: ({ coefficients, full, even, more }) =>
      tf.square(kernelSum(coefficients as tf.Tensor3D, [full, even, more] as tf.Tensor3D[])),
  })),
  {
    name: 'leadingBlocks',
    inputs: {
      kernel: { shape: [3, 3, 6, 10] },
      rows: { shape: [4, 5] },
      vector: { shape: [8] },
      whole: { shape: [3, 4] },
    },
    f: ({ kernel, rows, vector, whole }) => {
      const blocks = leadingBlocks([
        { tensor: kernel!, size: [3, 3, 3, 5], scale: 2 },
        { tensor: rows!, size: [2, 5], scale: 1 },
        { tensor: vector!, size: [4], scale: 0.5 },
        { tensor: whole!, size: [3, 4], scale: 3 },
      ])
      return tf.concat(blocks.map((block) => tf.reshape(tf.square(block), [-1])))
    },
  },
  {
    name: 'globalAveragePool',
    inputs: { x: { shape: [2, 5, 3, 6] } },
    f: ({ x }) => tf.square(globalAveragePool(x as tf.Tensor4D)),
  },
]

/** Shapes and the orders their axes are put in: rows that stay whole, planes turned, both among other axes, and nothing. */
const TRANSPOSES: readonly (readonly [shape: readonly number[], order: readonly number[]])[] = [
  [
    [7, 5],
    [1, 0],
  ],
  [
    [3, 9],
    [1, 0],
  ],
  [
    [5, 1],
    [1, 0],
  ],
  [
    [4, 5, 6],
    [0, 2, 1],
  ],
  [
    [4, 5, 6],
    [1, 0, 2],
  ],
  [
    [4, 5, 6],
    [2, 1, 0],
  ],
  [
    [4, 5, 6],
    [1, 2, 0],
  ],
  [
    [2, 5, 3, 7],
    [0, 2, 1, 3],
  ],
  [
    [2, 5, 3, 7],
    [0, 3, 1, 2],
  ],
  [
    [2, 5, 3, 7],
    [3, 2, 0, 1],
  ],
  [
    [2, 5, 1, 7],
    [3, 0, 2, 1],
  ],
  [
    [2, 5, 3, 7],
    [1, 3, 0, 2],
  ],
  [
    [2, 5, 2, 3, 3, 4],
    [3, 0, 2, 4, 1, 5],
  ],
  [
    [2, 3, 2, 3, 2, 5],
    [5, 3, 1, 4, 2, 0],
  ],
]

const transposition = ([shape, order]: (typeof TRANSPOSES)[number]): ConformanceCase => ({
  name: `transpose ${describe(shape, order)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.square(tf.transpose(x!, [...order])),
})

/** Operations that core composes; nothing is repaired for them, so nothing may break them. */
const COMPOSED: readonly ConformanceCase[] = [
  ...TRANSPOSES.map(transposition),
  {
    ...transposition([
      [0, 5, 3],
      [2, 0, 1],
    ]),
    refusedBy: ['webgpu'],
  },
  ...[0, 1, -1].map((axis): ConformanceCase => ({
    name: `unstack along axis ${axis}`,
    inputs: { x: { shape: [3, 4, 5] } },
    f: ({ x }) => tf.concat(tf.unstack(x!, axis).map((part, i) => tf.mul(part, i + 1))),
  })),
  { name: 'softmax', inputs: { x: { shape: [4, 7] } }, f: ({ x }) => tf.softmax(x!) },
  { name: 'logSoftmax', inputs: { x: { shape: [4, 7] } }, f: ({ x }) => tf.logSoftmax(x!) },
  {
    name: 'layer normalization',
    inputs: { x: { shape: [3, 4, 8] } },
    f: ({ x }) => {
      const { mean, variance } = tf.moments(x!, -1, true)
      return tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, 1e-3)))
    },
  },
  {
    name: 'gelu',
    inputs: { x: { shape: [5, 6] } },
    f: ({ x }) => tf.mul(tf.mul(x!, 0.5), tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1)),
  },
  {
    name: 'multiply with broadcasting',
    inputs: { a: { shape: [3, 4, 5] }, b: { shape: [4, 1] } },
    f: ({ a, b }) => tf.mul(a!, b!),
  },
  {
    name: 'pad, slice, transpose',
    inputs: { x: { shape: [3, 4, 5] } },
    f: ({ x }) =>
      tf.transpose(
        tf.slice(
          tf.pad(x!, [
            [0, 1],
            [2, 0],
            [1, 1],
          ]),
          [1, 1, 0],
          [3, 4, 6],
        ),
        [2, 0, 1],
      ),
  },
  {
    name: 'slice of inner axes',
    inputs: { x: { shape: [3, 4, 5, 6] } },
    f: ({ x }) => tf.slice(x!, [1, 0, 2, 0], [2, 4, 2, 6]),
  },
  {
    name: 'split into unequal parts',
    inputs: { x: { shape: [3, 9, 2] } },
    f: ({ x }) => tf.concat([...tf.split(x!, [2, 3, 4], 1)].reverse(), 1),
  },
  {
    name: 'logarithm of a sum of exponentials',
    inputs: { x: { shape: [4, 5, 3] } },
    f: ({ x }) => tf.logSumExp(x!, 1),
  },
  {
    name: 'quotient of norms',
    inputs: { a: { shape: [4, 6], filling: 'positive' }, b: { shape: [4, 6], filling: 'positive' } },
    f: ({ a, b }) => tf.div(tf.sum(tf.mul(a!, b!), -1), tf.mul(tf.norm(a!, 2, -1), tf.norm(b!, 2, -1))),
  },
]

export const composedCases: readonly ConformanceCase[] = [...TENSOR_OPS, ...COMPOSED]
