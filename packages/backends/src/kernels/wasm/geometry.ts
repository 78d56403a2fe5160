import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'

/** One dimension of a convolution or pooling: an input of `size`, read at `position · stride + tap − before`. */
export interface Dimension {
  readonly size: number
  readonly outSize: number
  readonly taps: number
  readonly stride: number
  /** Padding before the input. */
  readonly before: number
}

export interface Geometry {
  readonly batch: number
  readonly height: Dimension
  readonly width: Dimension
  readonly channels: number
  readonly outChannels: number
}

/** How tfjs describes a convolution to its kernels. */
export interface ConvolutionAttributes {
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly dataFormat?: 'NHWC' | 'NCHW'
  readonly dilations?: number | [number, number]
}

type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo>
type Shape4D = [number, number, number, number]

const fromInfo = (info: Info): Geometry => ({
  batch: info.batchSize,
  height: {
    size: info.inHeight,
    outSize: info.outHeight,
    taps: info.filterHeight,
    stride: info.strideHeight,
    before: info.padInfo.top,
  },
  width: {
    size: info.inWidth,
    outSize: info.outWidth,
    taps: info.filterWidth,
    stride: info.strideWidth,
    before: info.padInfo.left,
  },
  channels: info.inChannels,
  outChannels: info.outChannels,
})

/** Channels last, and no dilation. */
export const isPlain = ({ dataFormat = 'NHWC', dilations = 1 }: ConvolutionAttributes): boolean =>
  dataFormat === 'NHWC' && [dilations].flat().every((dilation) => dilation === 1)

function checkAttributes(attrs: ConvolutionAttributes): void {
  if (isPlain(attrs)) return
  const { dataFormat = 'NHWC', dilations = 1 } = attrs
  const found = `${dataFormat} with dilations ${JSON.stringify(dilations)}`
  throw new GpdError(
    'backend.unsupported',
    `wasm: expected the gradient of a convolution in NHWC without dilation, got ${found}.`,
    'Transpose to NHWC, and use strides or pooling.',
  )
}

/** @throws GpdError `backend.unsupported` for NCHW or dilated convolutions */
export function convolutionGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvolutionAttributes,
  depthwise = false,
): Geometry {
  checkAttributes(attrs)
  const { strides, pad, dimRoundingMode } = attrs
  return fromInfo(
    tf.backend_util.computeConv2DInfo(
      inputShape as Shape4D,
      filterShape as Shape4D,
      strides,
      1,
      pad,
      dimRoundingMode,
      depthwise,
    ),
  )
}

export function poolGeometry(
  inputShape: readonly number[],
  filterSize: number | [number, number],
  attrs: ConvolutionAttributes,
): Geometry {
  const { strides, pad, dimRoundingMode } = attrs
  return fromInfo(
    tf.backend_util.computePool2DInfo(inputShape as Shape4D, filterSize, strides, 1, pad, dimRoundingMode),
  )
}

/** Output positions `[first, last)` at which a tap falls inside the input. */
export function positionsInside(
  { size, outSize, stride, before }: Dimension,
  tap: number,
): [first: number, last: number] {
  const first = Math.max(0, Math.ceil((before - tap) / stride))
  const last = Math.min(outSize, Math.floor((size - 1 + before - tap) / stride) + 1)
  return [first, Math.max(first, last)]
}

/** Taps `[first, last)` that fall inside the input when the window stands at a position. */
export function tapsInside({ size, taps, stride, before }: Dimension, position: number): [first: number, last: number] {
  const start = position * stride - before
  const first = Math.max(0, -start)
  return [first, Math.max(first, Math.min(taps, size - start))]
}

/** Input positions that the windows cover, padding included. */
export const extent = ({ size, outSize, taps, stride, before }: Dimension): number =>
  Math.max(before + size, (outSize - 1) * stride + taps)
