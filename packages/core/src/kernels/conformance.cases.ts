import * as tf from '@tensorflow/tfjs'
import { batchNorm, normalize } from '../tensor-ops/batch-norm.ts'
import { biasAdd } from '../tensor-ops/bias-add.ts'
import { channelSum } from '../tensor-ops/channel-sum.ts'
import { globalAveragePool } from '../tensor-ops/global-average-pool.ts'
import { relu } from '../tensor-ops/relu.ts'

/**
 * What an input is filled with. `distinct`: shuffled multiples of 0.05 around zero, far enough apart that small steps
 * swap no two of them; `negative`: the same, all below zero; `positive`: uniform in [0.5, 1.5].
 */
export type Filling = 'normal' | 'distinct' | 'negative' | 'positive'

export interface ConformanceCase {
  readonly name: string
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly filling?: Filling }>>
  readonly f: (inputs: Readonly<Record<string, tf.Tensor>>) => tf.Tensor
  /** False where only values are compared. */
  readonly differentiable?: boolean
  /** Kernels or gradients of tfjs 4.22 that fail this case; a test holds the repairs to that. */
  readonly fails?: readonly string[]
}

type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
type Pair = number | [number, number]

const pairOf = (pair: Pair): [number, number] => (typeof pair === 'number' ? [pair, pair] : pair)
const rounding = (pad: Pad) => (typeof pad === 'string' ? undefined : ('floor' as const))
const explicit = (top: number, bottom: number, left: number, right: number): Pad => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
]
const describe = (...parts: unknown[]) => parts.map((part) => JSON.stringify(part)).join(' ')

// [batch, height, width, channels], filters (or multiplier), window, strides, padding
type Windowed = readonly [
  image: readonly [number, number, number, number],
  filters: number,
  window: Pair,
  strides: Pair,
  pad: Pad,
]

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
]

/** Enough channels for minimal filtering, with tiles that reach over the edges of an image. */
const WIDE_CONVOLUTIONS: readonly Windowed[] = [
  [[2, 5, 7, 16], 24, 3, 1, 'same'],
  [[1, 8, 8, 32], 16, 3, 1, 'same'],
  [[3, 1, 1, 16], 16, 3, 1, 'same'],
  [[2, 6, 5, 17], 33, 3, 1, 'same'],
  [[9, 5, 7, 16], 24, 3, 1, 'same'],
  [[8, 8, 8, 32], 16, 3, 1, 'same'],
  [[12, 6, 5, 17], 33, 3, 1, 'same'],
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
]

const POOLS: readonly Windowed[] = [
  [[2, 6, 6, 4], 0, 2, 2, 'valid'],
  [[1, 7, 6, 5], 0, 3, 2, 'same'],
  [[1, 7, 7, 4], 0, 3, 2, 1],
  [[1, 6, 5, 3], 0, 2, 1, 'same'],
  [[1, 8, 7, 6], 0, 3, 3, 'valid'],
  [[1, 6, 7, 4], 0, [2, 3], [2, 1], 'valid'],
]

const convolution = ([image, filters, window, strides, pad]: Windowed): ConformanceCase => ({
  name: `conv2d ${describe(image, filters, window, strides, pad)}`,
  inputs: { x: { shape: image }, w: { shape: [...pairOf(window), image[3], filters] } },
  f: ({ x, w }) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding(pad)),
  fails: ['Conv2DBackpropFilter'],
})

const depthwise = ([image, multiplier, window, strides, pad]: Windowed): ConformanceCase => ({
  name: `depthwiseConv2d ${describe(image, multiplier, window, strides, pad)}`,
  inputs: { x: { shape: image }, w: { shape: [...pairOf(window), image[3], multiplier] } },
  f: ({ x, w }) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad, 'NHWC', 1, rounding(pad)),
  fails: ['DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'],
})

const maxPool =
  (filling: Filling) =>
  ([image, , window, strides, pad]: Windowed): ConformanceCase => ({
    name: `maxPool ${filling} ${describe(image, window, strides, pad)}`,
    inputs: { x: { shape: image, filling } },
    f: ({ x }) => tf.maxPool(x as tf.Tensor4D, window, strides, pad, rounding(pad)),
    ...(filling === 'negative' ? { fails: ['MaxPoolGrad'] } : {}),
  })

const avgPool = ([image, , window, strides, pad]: Windowed): ConformanceCase => ({
  name: `avgPool ${describe(image, window, strides, pad)}`,
  inputs: { x: { shape: image } },
  f: ({ x }) => tf.avgPool(x as tf.Tensor4D, window, strides, pad, rounding(pad)),
  ...(pad === 'valid' ? {} : { fails: ['AvgPool'] }),
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
    fails: ['Conv2DBackpropFilter'],
  }
}

// a, b, transposeA, transposeB
type Product = readonly [
  a: readonly number[],
  b: readonly number[],
  transposeA: boolean,
  transposeB: boolean,
  fails?: readonly string[],
]

const PRODUCTS: readonly Product[] = [
  [[5, 7], [7, 3], false, false],
  [[7, 5], [7, 8], true, false],
  [[200, 5], [200, 7], true, false],
  [[5, 7], [3, 7], false, true],
  [[7, 5], [3, 7], true, true],
  [[6, 1030], [5, 1030], false, true],
  [[3, 5, 7], [3, 7, 4], false, false],
  [[3, 7, 5], [3, 7, 6], true, false],
  [[3, 5, 7], [3, 4, 7], false, true],
  [[3, 7, 5], [3, 4, 7], true, true],
  [[2, 3, 4, 5], [2, 3, 5, 6], false, false],
  [[1, 5, 7], [3, 7, 4], false, false, ['BatchMatMul gradient']],
  [[2, 3, 4, 5], [3, 5, 6], false, false, ['BatchMatMul gradient']],
]

const product = ([a, b, transposeA, transposeB, fails]: Product): ConformanceCase => ({
  name: `matMul ${describe(a, b, transposeA, transposeB)}`,
  inputs: { a: { shape: a }, b: { shape: b } },
  f: ({ a, b }) => tf.matMul(a!, b!, transposeA, transposeB),
  ...(fails === undefined ? {} : { fails }),
})

const fusedProduct = (
  activation: 'linear' | 'relu' | 'sigmoid' | 'elu',
  transposeA: boolean,
  transposeB: boolean,
  biasRank: 1 | 2,
): ConformanceCase => ({
  name: `fused matMul ${describe(activation, transposeA, transposeB, biasRank)}`,
  inputs: {
    a: { shape: transposeA ? [2, 9, 5] : [2, 5, 9] },
    b: { shape: transposeB ? [2, 6, 9] : [2, 9, 6] },
    bias: { shape: biasRank === 1 ? [6] : [1, 6] },
  },
  f: ({ a, b, bias }) => tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation, transposeA, transposeB }),
  // The gradient of the fused operation does not reduce its bias over a batch.
  differentiable: false,
  fails: ['_FusedMatMul'],
})

const BROADCASTS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
]

const broadcasting = (name: string, kernel: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  BROADCASTS.map(([a, b]): ConformanceCase => ({
    name: `${name} ${describe(a, b)}`,
    inputs: { a: { shape: a, filling: 'distinct' }, b: { shape: b, filling: 'normal' } },
    f: ({ a, b }) => f(a!, b!),
    fails: [kernel],
  }))

const cumsum = (
  shape: readonly number[],
  axis: number,
  exclusive: boolean,
  reverse: boolean,
  fails = true,
): ConformanceCase => ({
  name: `cumsum ${describe(shape, axis, exclusive, reverse)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.cumsum(x!, axis, exclusive, reverse),
  ...(fails ? { fails: ['Cumsum'] } : {}),
})

const oneHot = (
  name: string,
  indices: () => tf.Tensor,
  depth: number,
  on: number,
  off: number,
  dtype: 'float32' | 'int32' | 'bool',
  fails = true,
): ConformanceCase => ({
  name: `oneHot ${name}`,
  inputs: {},
  f: () => tf.cast(tf.oneHot(indices(), depth, on, off, dtype), 'float32'),
  differentiable: false,
  ...(fails ? { fails: ['OneHot'] } : {}),
})

const gather = (indices: () => tf.Tensor, shape: readonly number[]): ConformanceCase => ({
  name: `gather ${describe(shape)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.gather(x!, indices()),
  fails: ['UnsortedSegmentSum'],
})

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
  {
    name: 'globalAveragePool',
    inputs: { x: { shape: [2, 5, 3, 6] } },
    f: ({ x }) => tf.square(globalAveragePool(x as tf.Tensor4D)),
  },
]

const reduction = (name: string, f: (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor) =>
  (
    [
      [[7, 150, 5], [1], false],
      [[3, 4, 5, 6], [0, 1, 2], true],
      [[3, 4, 5, 6], [1, 2], false],
      [[3, 4, 5, 6], [0, 2], true],
      [[4, 17], [0], true],
      [[4, 17], [1], false],
      [[2, 3], [0, 1], false],
    ] as const
  ).map(([shape, axis, keepDims]): ConformanceCase => ({
    name: `${name} ${describe(shape, axis, keepDims)}`,
    inputs: { x: { shape } },
    f: ({ x }) => tf.square(f(x!, [...axis], keepDims)),
  }))

/** Operations that core composes; nothing is repaired for them, so nothing may break them. */
const COMPOSED: readonly ConformanceCase[] = [
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

export const conformanceCases: readonly ConformanceCase[] = [
  ...CONVOLUTIONS.map(convolution),
  ...WIDE_CONVOLUTIONS.map(convolution),
  ...[2, 4].map(grouped),
  ...DEPTHWISE.map(depthwise),
  ...POOLS.map(maxPool('distinct')),
  ...POOLS.map(maxPool('negative')),
  ...POOLS.map(avgPool),
  ...PRODUCTS.map(product),
  fusedProduct('linear', true, false, 1),
  fusedProduct('relu', false, true, 1),
  fusedProduct('sigmoid', false, false, 1),
  fusedProduct('elu', false, false, 2),
  ...broadcasting('maximum', 'Maximum', tf.maximum),
  ...broadcasting('minimum', 'Minimum', tf.minimum),
  ...broadcasting('squaredDifference', 'SquaredDifference', tf.squaredDifference),
  cumsum([4, 4], 0, false, false),
  cumsum([3, 4, 5], 1, true, false),
  cumsum([3, 4, 5], 0, false, true),
  cumsum([3, 4], 1, true, true, false),
  oneHot('float32', () => tf.tensor1d([0, 2, 1], 'int32'), 4, 1, 0, 'float32'),
  oneHot('smoothed', () => tf.tensor1d([3, 0], 'int32'), 4, 0.9, 0.025, 'float32'),
  oneHot('int32, some out of range', () => tf.tensor1d([4, 3, -1], 'int32'), 4, 7, 2, 'int32', false),
  gather(() => tf.tensor1d([4, 0, 4, 2], 'int32'), [5, 3]),
  gather(
    () =>
      tf.tensor2d(
        [
          [1, 1],
          [0, 3],
        ],
        [2, 2],
        'int32',
      ),
    [4, 2, 3],
  ),
  ...reduction('sum', tf.sum),
  ...reduction('mean', tf.mean),
  ...TENSOR_OPS,
  ...COMPOSED,
]
