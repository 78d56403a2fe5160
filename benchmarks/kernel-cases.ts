import * as tf from '@tensorflow/tfjs'
import { tensorOps } from '@gpdjs/core'

const { batchNorm, biasAdd, channelSum, globalAveragePool, relu } = tensorOps

/** Functions to compare; the first one is what the others are measured against. */
export interface KernelGroup {
  readonly title: string
  /** Floating-point operations of each function, where all have the same number. */
  readonly flops?: number
  /** Called when it is the group's turn. */
  functions(): Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>>
}

const random = <R extends tf.Rank>(...shape: number[]) => tf.randomNormal<R>(shape as tf.ShapeMap[R])
const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) =>
  tf.engine().runKernel(kernel, inputs, attrs)

interface Convolution {
  readonly batch: number
  readonly size: number
  readonly channels: number
  readonly filters: number
  readonly window: number
  readonly strides: number
}

/**
 * `[batch, size, channels, filters, window, strides]` of layers of networks A to C and of their dynamic teachers; first
 * layers of network D, of MobileNet and of network E; odd sizes of ShuffleNet; few filters.
 */
const CONVOLUTIONS = [
  [64, 32, 16, 16, 3, 1],
  [64, 16, 32, 32, 3, 1],
  [64, 8, 64, 64, 3, 1],
  [64, 32, 3, 16, 3, 1],
  [64, 32, 16, 32, 3, 2],
  [64, 16, 32, 64, 1, 2],
  [64, 16, 64, 64, 1, 1],
  [64, 28, 1, 16, 3, 1],
  [32, 32, 3, 32, 3, 2],
  [64, 32, 3, 128, 4, 4],
  [64, 15, 24, 58, 1, 1],
  [64, 15, 32, 64, 3, 2],
  [64, 32, 16, 3, 3, 1],
].map(
  ([batch, size, channels, filters, window, strides]) =>
    ({ batch, size, channels, filters, window, strides }) as Convolution,
)

function convolution({ batch, size, channels, filters, window, strides }: Convolution): KernelGroup {
  const out = Math.ceil(size / strides)
  return {
    title: `conv2d ${batch}×${size}×${size}×${channels} → ${filters}, ${window}×${window}, stride ${strides}`,
    flops: 2 * batch * out * out * window * window * channels * filters,
    functions() {
      const x = random<tf.Rank.R4>(batch, size, size, channels)
      const w = random<tf.Rank.R4>(window, window, channels, filters)
      const dy = random<tf.Rank.R4>(batch, out, out, filters)
      const shared = { strides: [strides, strides], pad: 'same', dataFormat: 'NHWC' }
      return {
        forward: () => tf.conv2d(x, w, strides, 'same'),
        'gradient of the input': () =>
          run('Conv2DBackpropInput', { dy, filter: w }, { ...shared, inputShape: x.shape }),
        'gradient of the filter': () => run('Conv2DBackpropFilter', { x, dy }, { ...shared, filterShape: w.shape }),
      }
    },
  }
}

function depthwise(batch: number, size: number, channels: number, strides: number): KernelGroup {
  const out = Math.ceil(size / strides)
  return {
    title: `depthwiseConv2d ${batch}×${size}×${size}×${channels}, 3×3, stride ${strides}`,
    flops: 2 * batch * out * out * 9 * channels,
    functions() {
      const x = random<tf.Rank.R4>(batch, size, size, channels)
      const w = random<tf.Rank.R4>(3, 3, channels, 1)
      const dy = random<tf.Rank.R4>(batch, out, out, channels)
      const shared = { strides: [strides, strides], pad: 'same', dilations: [1, 1] }
      return {
        forward: () => tf.depthwiseConv2d(x, w, strides, 'same'),
        'gradient of the input': () =>
          run('DepthwiseConv2dNativeBackpropInput', { dy, filter: w }, { ...shared, inputShape: x.shape }),
        'gradient of the filter': () =>
          run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...shared, filterShape: w.shape }),
      }
    },
  }
}

/** `batch` products of m×k by k×n, beside the plain product of as many operations. */
function product(m: number, k: number, n: number, batch = 1): KernelGroup {
  const many = batch > 1 ? [batch] : []
  return {
    title: `matMul ${batch > 1 ? `${batch} times ` : ''}${m}×${k} by ${k}×${n}`,
    flops: 2 * batch * m * k * n,
    functions() {
      const [a, at] = [random(...many, m, k), random(...many, k, m)]
      const [b, bt] = [random(...many, k, n), random(...many, n, k)]
      const transposed = {
        'aᵀ b': () => tf.matMul(at, b, true, false),
        'a bᵀ': () => tf.matMul(a, bt, false, true),
        'aᵀ bᵀ': () => tf.matMul(at, bt, true, true),
      }
      if (batch === 1) return { 'a b': () => tf.matMul(a, b), ...transposed }
      const [rows, columns] = [random(batch * m, k), random(k, n)]
      return {
        [`one product of ${batch * m}×${k}`]: () => tf.matMul(rows, columns),
        'a b': () => tf.matMul(a, b),
        ...transposed,
      }
    },
  }
}

/** What stands between the convolutions; the rows of a group do different things, so no goal holds for them. */
function betweenConvolutions(batch: number, size: number, channels: number): KernelGroup[] {
  const shape = `${batch}×${size}×${size}×${channels}`
  const images = () => random<tf.Rank.R4>(batch, size, size, channels)
  const composed = (x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2])
    return tf.relu(tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, shift, scale, 1e-5))
  }
  const ours = (x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D) => relu(batchNorm(x, scale, shift, 1e-5).y)
  return [
    {
      title: `batch normalization and relu, ${shape}`,
      functions() {
        const [x, dy] = [images(), images()]
        const [scale, shift] = [random<tf.Rank.R1>(channels), random<tf.Rank.R1>(channels)]
        const backward = (f: typeof ours) => () =>
          tf.grads((...inputs) => f(...(inputs as Parameters<typeof ours>)))([x, scale, shift], dy)
        return {
          'forward and backward': backward(ours),
          'forward and backward, core composition': backward(composed as typeof ours),
          forward: () => ours(x, scale, shift),
          'forward, core composition': () => composed(x, scale, shift),
        }
      },
    },
    {
      title: `elementwise, ${shape}`,
      functions() {
        const [x, dy, channel] = [images(), images(), random<tf.Rank.R1>(channels)]
        return {
          'x · y': () => tf.mul(x, dy),
          'x · channel': () => tf.mul(x, channel),
          biasAdd: () => biasAdd(x, channel),
          channelSum: () => channelSum(x),
          'tf.sum over leading axes': () => tf.sum(x, [0, 1, 2]),
          relu: () => tf.relu(x),
          'relu forward and backward': () => tf.grad((y) => relu(y))(x, dy),
          globalAveragePool: () => globalAveragePool(x),
          maxPool: () => tf.maxPool(x, 2, 2, 'same'),
          'maxPool and gradient': () => tf.grad((y) => tf.maxPool(y as tf.Tensor4D, 2, 2, 'same'))(x),
        }
      },
    },
  ]
}

/** Products of merging branches, of dense layers, few rows, and of attention (network E: 4 heads of 32 on 65 tokens). */
export const KERNEL_GROUPS: readonly KernelGroup[] = [
  ...CONVOLUTIONS.map(convolution),
  depthwise(64, 16, 64, 1),
  depthwise(64, 16, 64, 2),
  depthwise(64, 15, 58, 2),
  product(512, 512, 512),
  product(64, 4096, 256),
  product(4096, 64, 128),
  product(16, 65536, 144),
  product(4160, 128, 384),
  product(4160, 512, 128),
  product(64, 32, 64, 128),
  product(65, 32, 65, 256),
  product(65, 65, 32, 256),
  product(65, 65, 65, 64),
  product(256, 4160, 1024),
  product(64, 512, 10),
  product(8, 512, 512),
  product(9, 8, 32, 2048),
  product(65, 32, 3, 256),
  ...[
    [64, 32, 16],
    [64, 16, 32],
    [64, 8, 64],
  ].flatMap(([batch, size, channels]) => betweenConvolutions(batch!, size!, channels!)),
]
