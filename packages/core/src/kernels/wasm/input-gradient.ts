import type * as tf from '@tensorflow/tfjs'
import type { Dimension, Geometry } from './geometry.ts'
import { simd } from './simd/module.ts'
import { runKernel, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

/**
 * Every `stride`-th input position, from `first` on, is a plain convolution of dy with every `stride`-th tap: the
 * gradient of a strided convolution falls into `stride²` convolutions without stride, and no product is with a zero.
 */
export interface Phase {
  readonly first: number
  /** Taps in the order in which they meet dy: reversed. */
  readonly taps: readonly number[]
  /** Number of input positions. */
  readonly size: number
  /** Zeros around dy; less than none where dy reaches beyond what the phase needs. */
  readonly before: number
  readonly after: number
}

function phasesOf({ size, outSize, taps, stride, before }: Dimension): Phase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, first) => {
    // The first tap that meets this phase, and the position of dy that it reads for the first input.
    const tap = (first + before) % stride
    const reach = (first + before - tap) / stride
    const own = Array.from(
      { length: Math.max(0, Math.ceil((taps - tap) / stride)) },
      (_, t) => tap + t * stride,
    ).reverse()
    const count = Math.ceil((size - first) / stride)
    const lead = own.length - 1 - reach
    return { first, taps: own, size: count, before: lead, after: count + own.length - 1 - outSize - lead }
  })
}

/** dy without the rows and columns that a phase does not read. */
function crop(backend: WasmBackend, dy: tf.TensorInfo, rows: Phase, columns: Phase): tf.TensorInfo {
  const cut = ({ before, after }: Phase, axis: number) => {
    const begin = Math.max(0, -before)
    return { begin, size: dy.shape[axis]! - begin - Math.max(0, -after) }
  }
  const [vertical, horizontal] = [cut(rows, 1), cut(columns, 2)]
  const [batch, , , channels] = dy.shape as [number, number, number, number]
  return runKernel(
    'Slice',
    backend,
    { x: dy },
    {
      begin: [0, vertical.begin, horizontal.begin, 0],
      size: [batch, vertical.size, horizontal.size, channels],
    },
  )
}

const isCropped = ({ before, after }: Phase) => before < 0 || after < 0

/** Writes the positions of one phase to where they belong. */
function scatter(
  backend: WasmBackend,
  part: tf.TensorInfo,
  dx: tf.TensorInfo,
  geometry: Geometry,
  rows: Phase,
  columns: Phase,
): void {
  const { batch, height, width, channels } = geometry
  const { channelCopy } = simd(backend)
  const position = 4 * channels
  const [from, to] = [backend.getMemoryOffset(part.dataId), backend.getMemoryOffset(dx.dataId)]
  for (let n = 0; n < batch; n++) {
    for (let u = 0; u < rows.size; u++) {
      const source = (n * rows.size + u) * columns.size
      const target = (n * height.size + rows.first + u * height.stride) * width.size + columns.first
      channelCopy(
        from + source * position,
        position,
        to + target * position,
        width.stride * position,
        columns.size,
        channels,
      )
    }
  }
}

/** A convolution without stride of `dy` by the given taps, with explicit padding. */
export type PhaseConvolution = (
  dy: tf.TensorInfo,
  rows: readonly number[],
  columns: readonly number[],
  pad: number[][],
) => tf.TensorInfo

/** The gradient of a convolution with respect to its input, from convolutions without stride. */
export function inputGradient(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  geometry: Geometry,
  convolve: PhaseConvolution,
): tf.TensorInfo {
  const [vertical, horizontal] = [phasesOf(geometry.height), phasesOf(geometry.width)]
  const one = (rows: Phase, columns: Phase): tf.TensorInfo =>
    withScratch(backend, (scratch) => {
      const source = isCropped(rows) || isCropped(columns) ? scratch(crop(backend, dy, rows, columns)) : dy
      const pad = [rows, columns].map(({ before, after }) => [Math.max(0, before), Math.max(0, after)])
      return convolve(source, rows.taps, columns.taps, [[0, 0], ...pad, [0, 0]])
    })
  if (
    vertical.length === 1 &&
    horizontal.length === 1 &&
    vertical[0]!.taps.length > 0 &&
    horizontal[0]!.taps.length > 0
  ) {
    return one(vertical[0]!, horizontal[0]!)
  }
  const { batch, height, width, channels } = geometry
  const dx = zeros(backend, [batch, height.size, width.size, channels])
  for (const rows of vertical) {
    for (const columns of horizontal) {
      if (rows.taps.length === 0 || columns.taps.length === 0) continue
      const part = one(rows, columns)
      scatter(backend, part, dx, geometry, rows, columns)
      backend.disposeData(part.dataId)
    }
  }
  return dx
}
