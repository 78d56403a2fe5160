import * as tf from '@tensorflow/tfjs'
import { batchNorm, normalize } from '../../tensor-ops/batch-norm.ts'
import { biasAdd } from '../../tensor-ops/bias-add.ts'
import { channelSum } from '../../tensor-ops/channel-sum.ts'
import { globalAveragePool } from '../../tensor-ops/global-average-pool.ts'
import { kernelSum } from '../../tensor-ops/kernel-sum.ts'
import { leadingBlocks } from '../../tensor-ops/leading-blocks.ts'
import { product } from '../../tensor-ops/product.ts'
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
      gates: { shape: [4, outputs!] },
      full: { shape: [inputs!, 9, outputs!] },
      even: { shape: [inputs!, 1, outputs!] },
      more: { shape: [inputs!, 9, outputs!] },
      waves: { shape: [inputs!, 1, outputs!] },
    },
    f({ gates, full, even, more, waves }) {
      const profile = tf.reshape(tf.linspace(-1, 2, 9 * outputs!), [9, outputs!]) as tf.Tensor2D
      const parts = [
        { kernel: full as tf.Tensor3D },
        { kernel: even as tf.Tensor3D, profile: [1, 2, 3, 4, 5, -4, 3, 0, 1] },
        { kernel: more as tf.Tensor3D, profile: new Array<number>(9).fill(0.5) },
        { kernel: waves as tf.Tensor3D, profile },
      ]
      return tf.square(kernelSum(gates as tf.Tensor2D, parts, [3, 3, inputs!, outputs!]))
    },
  })),
  {
    name: 'kernelSum of a depthwise convolution, one kernel',
    inputs: { gates: { shape: [1, 6] }, kernel: { shape: [1, 9, 6] } },
    f: ({ gates, kernel }) =>
      tf.square(kernelSum(gates as tf.Tensor2D, [{ kernel: kernel as tf.Tensor3D }], [3, 3, 6, 1])),
  },
  {
    name: 'kernelSum without inputs',
    inputs: { gates: { shape: [2, 6] }, full: { shape: [0, 9, 6] }, even: { shape: [0, 1, 6] } },
    f: ({ gates, full, even }) =>
      kernelSum(
        gates as tf.Tensor2D,
        [full, even].map((kernel) => ({ kernel: kernel as tf.Tensor3D })),
        [3, 3, 0, 6],
      ),
  },
  ...[
    [[5, 7], [7, 9, 3], 0],
    [[32, 16], [16, 9, 32], 0],
    [[3, 9, 8], [3, 8, 5], 1],
    [[6, 9, 8], [6, 8, 32], 1],
    [[1, 9, 8], [1, 8, 21], 1],
    [[4, 0], [0, 2, 3], 0],
    [[0, 9, 8], [0, 8, 3], 1],
  ].map(([a, b, batchAxes]): ConformanceCase => ({
    name: `product ${describe(a, b, batchAxes)}`,
    inputs: { a: { shape: a as number[] }, b: { shape: b as number[] } },
    f: ({ a, b }) => tf.square(product(a!, b!, batchAxes as number)),
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
    name: 'leadingBlocks of one tensor, which is used elsewhere too',
    inputs: { kernel: { shape: [3, 3, 6, 10] } },
    f({ kernel }) {
      const [block] = leadingBlocks([{ tensor: kernel!, size: [3, 3, 3, 5], scale: 2 }])
      return tf.add(tf.square(kernel!), tf.sum(tf.square(block!)))
    },
  },
  {
    name: 'leadingBlocks of one tensor twice and of an empty one',
    inputs: { rows: { shape: [4, 21] }, empty: { shape: [3, 0, 2] } },
    f({ rows, empty }) {
      const [first, second, nothing] = leadingBlocks([
        { tensor: rows!, size: [2, 17], scale: 0.5 },
        { tensor: rows!, size: [4, 16], scale: 3 },
        { tensor: empty!, size: [2, 0, 2], scale: 2 },
      ])
      return tf.addN([
        tf.square(second!),
        ...[first!, nothing!].map((block) => tf.mul(tf.sum(tf.square(block)), tf.ones([4, 16]))),
      ])
    },
  },
  {
    name: 'globalAveragePool',
    inputs: { x: { shape: [2, 5, 3, 6] } },
    f: ({ x }) => tf.square(globalAveragePool(x as tf.Tensor4D)),
  },
]

/** Operations that core composes; nothing is repaired for them, so nothing may break them. */
const COMPOSED: readonly ConformanceCase[] = [
  ...[
    [
      [3, 4, 5],
      [15, -1],
    ],
    [
      [3, 4, 5],
      [3, 4, 5],
    ],
    [[1, 1], []],
    [
      [3, 0, 5],
      [0, 7],
    ],
  ].map(([from, to]): ConformanceCase => ({
    name: `reshape ${describe(from, to)}`,
    inputs: { x: { shape: from! } },
    // The square of the reshaped one must not write into the other: they may share memory.
    f: ({ x }) => tf.square(tf.add(tf.square(tf.reshape(x!, to!)), tf.reshape(x!, to!))),
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
