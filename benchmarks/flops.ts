import type * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'

type Shape = readonly number[]
type Inputs = Readonly<Record<string, { readonly shape: Shape }>>
type Attributes = Readonly<Record<string, unknown>>

/** Multiply-adds of a convolution: for every output pixel and filter, a window over the channels that it reads. */
const convolution = (output: Shape, [height, width, channels]: Shape) => sizeOf(output) * height! * width! * channels!

/** Of a depthwise one, whose filters read one channel each. */
const depthwise = (output: Shape, [height, width]: Shape) => sizeOf(output) * height! * width!

type Count = (inputs: Inputs, attributes: Attributes, output: Shape) => number

/** For every number of the output, a sum over the axis that both share. */
const product: Count = ({ a }, { transposeA }, output) => sizeOf(output) * a!.shape.at(transposeA === true ? -2 : -1)!

/** A gradient of a convolution has the multiply-adds of the convolution, whose output `dy` belongs to. */
const MULTIPLY_ADDS: Readonly<Record<string, Count>> = {
  BatchMatMul: product,
  _FusedMatMul: product,
  Conv2D: ({ filter }, _, output) => convolution(output, filter!.shape),
  FusedConv2D: ({ filter }, _, output) => convolution(output, filter!.shape),
  Conv2DBackpropInput: ({ dy, filter }) => convolution(dy!.shape, filter!.shape),
  Conv2DBackpropFilter: ({ dy }, { filterShape }) => convolution(dy!.shape, filterShape as Shape),
  DepthwiseConv2dNative: ({ filter }, _, output) => depthwise(output, filter!.shape),
  FusedDepthwiseConv2D: ({ filter }, _, output) => depthwise(output, filter!.shape),
  DepthwiseConv2dNativeBackpropInput: ({ dy, filter }) => depthwise(dy!.shape, filter!.shape),
  DepthwiseConv2dNativeBackpropFilter: ({ dy }, { filterShape }) => depthwise(dy!.shape, filterShape as Shape),
}

/** Whether operations of a kernel are counted. */
export const isProduct = (name: string): boolean => Object.hasOwn(MULTIPLY_ADDS, name)

/**
 * Floating-point operations of a call, read off its shapes: twice the multiply-adds of products and convolutions, 0 for
 * every other kernel, which moves numbers more than it computes.
 */
export function flopsOf(
  name: string,
  { inputs, attrs }: Parameters<tf.KernelFunc>[0],
  output: { readonly shape: Shape },
): number {
  const count = MULTIPLY_ADDS[name]
  return count === undefined ? 0 : 2 * count(inputs as unknown as Inputs, attrs as Attributes, output.shape)
}
