import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel, type TensorflowCall } from './kernel.ts'
import { execute, type Operation } from './tensorflow-backend.ts'

interface Attributes {
  readonly strides: number | readonly number[]
  readonly dilations?: number | readonly number[]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dataFormat?: string
  readonly filterShape?: readonly number[]
}

type Call = TensorflowCall<'x' | 'dy' | 'filter', Attributes>

/** With fewer channels, tiles cost more to transform than the products save. */
const LEAST_CHANNELS = 16

const isOne = (n: number | readonly number[] = 1) => [n].flat().every((size) => size === 1)

/** A 3x3 convolution that keeps the size of its images, in the layout of TensorFlow. */
function fits({ inputs, attrs }: Call): boolean {
  const [height, width, input, output] = attrs.filterShape ?? inputs.filter.shape
  return (
    height === 3 &&
    width === 3 &&
    isOne(attrs.strides) &&
    isOne(attrs.dilations) &&
    (attrs.pad === 'same' || attrs.pad === 1) &&
    (attrs.dataFormat ?? 'NHWC') === 'NHWC' &&
    Math.min(input!, output!) >= LEAST_CHANNELS &&
    Object.values(inputs).every(({ dtype, shape }) => dtype === 'float32' && shape[0]! > 0)
  )
}

const byWinograd = (name: string, operation: (inputs: Call['inputs']) => Operation) =>
  tensorflowKernel<'x' | 'dy' | 'filter', Attributes>({
    name,
    problem: '3x3 convolutions take 36 products for a tile of four pixels, and 16 are enough',
    needsOwnOperations: true,
    create: (stock) => (call) =>
      stock !== undefined && !fits(call) ? stock(call) : execute(call.backend, operation(call.inputs))[0]!,
  })

/**
 * 3x3 convolutions of stride 1 and their gradients by minimal filtering, F(2×2, 3×3).
 *
 * @see Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016
 */
export const winogradKernels = [
  byWinograd('Conv2D', ({ x, filter }) => ({
    name: 'GpdWinograd',
    inputs: [x, filter],
    bools: { turned: false },
  })),
  byWinograd('Conv2DBackpropInput', ({ dy, filter }) => ({
    name: 'GpdWinograd',
    inputs: [dy, filter],
    bools: { turned: true },
  })),
  byWinograd('Conv2DBackpropFilter', ({ x, dy }) => ({ name: 'GpdWinogradFilterGradient', inputs: [x, dy] })),
]
