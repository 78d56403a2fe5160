import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { tensorflowKernel, type TensorflowCall } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

type Shape4D = [number, number, number, number]
type Geometry = tf.backend_util.Conv2DInfo

interface Attributes {
  readonly strides: number | [number, number]
  readonly dilations?: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly dataFormat?: string
  readonly inputShape?: Shape4D
  readonly filterShape?: Shape4D
}

type Call = TensorflowCall<'x' | 'dy' | 'filter', Attributes>

const geometryOf = ({ inputs, attrs }: Call): Geometry =>
  tf.backend_util.computeConv2DInfo(
    attrs.inputShape ?? (inputs.x.shape as Shape4D),
    attrs.filterShape ?? (inputs.filter.shape as Shape4D),
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
  )

/** The same stride in both directions, no dilation, nothing empty. */
const isStrided = ({
  strideHeight,
  strideWidth,
  dilationHeight,
  dilationWidth,
  outShape,
  inShape,
}: Geometry): boolean =>
  strideHeight > 1 &&
  strideHeight === strideWidth &&
  dilationHeight * dilationWidth === 1 &&
  [...outShape, ...inShape].every((size) => size > 0)

const numbersOf = (info: Geometry) =>
  tf.tensor1d([
    ...[info.inHeight, info.inWidth, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.padInfo.top, info.padInfo.left],
  ])

interface Strided {
  readonly name: string
  readonly operation: string
  readonly operands: (inputs: Call['inputs']) => readonly tf.TensorInfo[]
  /** Whether the operation is the faster one. */
  readonly fits: (geometry: Geometry) => boolean
}

/** With fewer channels there is too little to multiply. */
const LEAST_CHANNELS = 16

/** Every thread adds up its own copy of the filter; larger filters leave the cache. */
const LARGEST_FILTER = 96 * 1024

const STRIDED: readonly Strided[] = [
  {
    name: 'Conv2D',
    operation: 'GpdStridedConvolution',
    operands: ({ x, filter }) => [x, filter],
    fits: ({ inChannels }) => inChannels >= LEAST_CHANNELS,
  },
  {
    name: 'Conv2DBackpropInput',
    operation: 'GpdStridedInputGradient',
    operands: ({ dy, filter }) => [dy, filter],
    fits: () => true,
  },
  {
    name: 'Conv2DBackpropFilter',
    operation: 'GpdStridedFilterGradient',
    operands: ({ x, dy }) => [x, dy],
    fits: (info) => info.inChannels >= LEAST_CHANNELS && sizeOf(info.filterShape) <= LARGEST_FILTER,
  },
]

/** TensorFlow multiplies mostly zeros for the gradient of the input, and computes some gradients of filters wrongly. */
export const stridedKernels = STRIDED.map(({ name, operation, operands, fits }) =>
  tensorflowKernel<'x' | 'dy' | 'filter', Attributes>({
    name,
    problem: 'of a stride above one, takes up to ten times as long as the plain convolution',
    needsOwnOperations: true,
    create: (stock) => (call) => {
      const { inputs, attrs, backend } = call
      const info = (attrs.dataFormat ?? 'NHWC') === 'NHWC' ? geometryOf(call) : undefined
      const own = info !== undefined && isStrided(info) && fits(info)
      if (stock !== undefined && !own) return stock(call)
      const numbers = numbersOf(info!)
      const [y] = execute(backend, { name: operation, inputs: [...operands(inputs), numbers] })
      numbers.dispose()
      return y!
    },
  }),
)
