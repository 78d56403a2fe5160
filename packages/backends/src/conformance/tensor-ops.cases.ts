import * as tf from '@tensorflow/tfjs'
import { tensorOps } from '@gpdjs/core'
import { describe, type ConformanceCase } from './case.ts'

const {
  batchNormBlock,
  batchNorm,
  normalize,
  biasAdd,
  channelSum,
  gelu,
  globalAveragePool,
  kernelSum,
  layerNorm,
  leadingBlocks,
  product,
  relu,
} = tensorOps

type Inputs = Parameters<ConformanceCase['f']>[0]

/** A batch norm in training mode with moving averages of its own. */
function trained({ x, scale, shift, other }: Inputs, relu: boolean) {
  const channels = x!.shape.at(-1)!
  const moving = { mean: tf.linspace(-1, 1, channels), variance: tf.linspace(0.5, 2, channels) }
  return batchNormBlock({ x: x!, scale: scale!, shift: shift!, moving, epsilon: 1e-3, momentum: 0.9, other, relu })
}

/** The operations of `tensorOps`. */
export const tensorOpCases: readonly ConformanceCase[] = [
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
  ...[4, 5, 16, 23].flatMap((channels) => {
    const x = { shape: [3, 5, 6, channels] }
    const [alone, pair] = [{ x, scale: { shape: [channels] }, shift: { shape: [channels] } }, { other: x }]
    return [
      { name: 'and', inputs: alone, relu: false },
      { name: 'with relu and', inputs: alone, relu: true },
      { name: 'with a sum and', inputs: { ...alone, ...pair }, relu: false },
      { name: 'with a sum, relu and', inputs: { ...alone, ...pair }, relu: true },
    ].map(({ name, inputs, relu }): ConformanceCase => ({
      name: `batchNorm ${name} moving averages, ${channels} channels`,
      inputs,
      // Squared, a ReLU has a derivative at zero: finite differences are good there too.
      f: (tensors) => tf.square(trained(tensors, relu).y),
    }))
  }),
  {
    name: 'moving averages of batchNorm',
    inputs: { x: { shape: [3, 5, 6, 5] }, scale: { shape: [5] }, shift: { shape: [5] } },
    f: (tensors) => tf.stack(Object.values(trained(tensors, true).moving)),
    // Constants to every gradient.
    differentiable: false,
  },
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
  ...[
    [4, 2],
    [3, 7, 8],
    [2, 9, 5, 21],
    [70, 16],
  ].map((shape): ConformanceCase => ({
    name: `layerNorm of ${JSON.stringify(shape)}`,
    inputs: { x: { shape }, scale: { shape: [shape.at(-1)!] }, shift: { shape: [shape.at(-1)!] } },
    f: ({ x, scale, shift }) => tf.square(layerNorm(x!, scale!, shift!, 1e-2)),
  })),
  ...[1, 6, 16, 37].map((size): ConformanceCase => ({
    name: `gelu of ${size} columns`,
    inputs: { x: { shape: [5, size] } },
    f: ({ x }) => gelu(tf.mul(x!, 2)),
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
