import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

type Pair = number | [number, number]
type Shape4D = [number, number, number, number]

interface Attributes {
  readonly strides: Pair
  readonly dilations?: Pair
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly dataFormat?: string
  readonly inputShape?: Shape4D
  readonly filterShape?: Shape4D
  readonly filterSize?: Pair
}

type Inputs = Readonly<Record<string, tf.TensorInfo>>
type Geometry = tf.backend_util.Conv2DInfo

const shapeOf = (info: tf.TensorInfo | undefined) => info?.shape as Shape4D

/** The geometry of convolutions, depthwise ones too, and of their gradients. */
const convolution =
  (depthwise: boolean) =>
  (
    { x, filter }: Inputs,
    { strides, dilations = 1, pad, dimRoundingMode, inputShape, filterShape }: Attributes,
  ): Geometry =>
    tf.backend_util.computeConv2DInfo(
      inputShape ?? shapeOf(x),
      filterShape ?? shapeOf(filter),
      strides,
      dilations,
      pad,
      dimRoundingMode,
      depthwise,
    )

const pooling = ({ x, input }: Inputs, { filterSize, strides, pad, dimRoundingMode }: Attributes): Geometry =>
  tf.backend_util.computePool2DInfo(shapeOf(x ?? input), filterSize!, strides, 1, pad, dimRoundingMode)

const sizes = (shape: readonly number[]) => tf.tensor1d([...shape], 'int32')

interface Windowed {
  readonly name: string
  readonly geometry: (inputs: Inputs, attributes: Attributes) => Geometry
  /** The inputs in TensorFlow's order: the name of an input of the kernel, or a function that makes a tensor. */
  readonly operands: readonly (string | ((geometry: Geometry) => tf.Tensor))[]
  readonly attributes: (geometry: Geometry) => Readonly<Record<string, readonly number[]>>
}

const inputSizes = ({ inShape }: Geometry) => sizes(inShape)
const filterSizes = ({ filterShape }: Geometry) => sizes(filterShape)
const dilations = ({ dilationHeight, dilationWidth }: Geometry) => ({
  dilations: [1, dilationHeight, dilationWidth, 1],
})
const window = ({ filterHeight, filterWidth }: Geometry) => ({ ksize: [1, filterHeight, filterWidth, 1] })

const WINDOWED: readonly Windowed[] = [
  {
    name: 'Conv2DBackpropInput',
    geometry: convolution(false),
    operands: [inputSizes, 'filter', 'dy'],
    attributes: dilations,
  },
  {
    name: 'Conv2DBackpropFilter',
    geometry: convolution(false),
    operands: ['x', filterSizes, 'dy'],
    attributes: dilations,
  },
  { name: 'Conv2D', geometry: convolution(false), operands: ['x', 'filter'], attributes: dilations },
  {
    name: 'DepthwiseConv2dNativeBackpropInput',
    geometry: convolution(true),
    operands: [inputSizes, 'filter', 'dy'],
    attributes: dilations,
  },
  {
    name: 'DepthwiseConv2dNativeBackpropFilter',
    geometry: convolution(true),
    operands: ['x', filterSizes, 'dy'],
    attributes: dilations,
  },
  { name: 'DepthwiseConv2dNative', geometry: convolution(true), operands: ['x', 'filter'], attributes: dilations },
  { name: 'MaxPool', geometry: pooling, operands: ['x'], attributes: window },
  { name: 'MaxPoolGrad', geometry: pooling, operands: ['input', 'output', 'dy'], attributes: window },
]

const explicitlyPadded = ({ name, geometry, operands, attributes }: Windowed) =>
  tensorflowKernel<string, Attributes>({
    name,
    problem: "tfjs-node passes on the paddings 'same' and 'valid' only; TensorFlow has explicit ones too",
    create: (stock) => (call) => {
      const { inputs, attrs, backend } = call
      if (typeof attrs.pad === 'string' && stock !== undefined) return stock(call)
      if (attrs.dataFormat !== undefined && attrs.dataFormat !== 'NHWC')
        throw new GpdError(
          'backend.unsupported',
          `${name}: expected explicit padding with NHWC images, got ${attrs.dataFormat}.`,
        )
      const info = geometry(inputs, attrs)
      const { top, bottom, left, right } = info.padInfo
      const made = operands.flatMap((operand) => (typeof operand === 'string' ? [] : [operand(info)]))
      const rest = [...made]
      const [y] = execute(backend, {
        name,
        inputs: operands.map((operand) => (typeof operand === 'string' ? inputs[operand]! : rest.shift()!)),
        ints: {
          ...attributes(info),
          strides: [1, info.strideHeight, info.strideWidth, 1],
          explicit_paddings: [0, 0, top, bottom, left, right, 0, 0],
        },
        strings: { padding: 'EXPLICIT', data_format: 'NHWC' },
      })
      tf.dispose(made)
      return y!
    },
  })

/** Convolutions, max pooling and their gradients with paddings given as numbers. */
export const explicitPaddingKernels = WINDOWED.map(explicitlyPadded)
