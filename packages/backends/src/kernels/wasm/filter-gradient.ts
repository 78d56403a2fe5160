import type * as tf from '@tensorflow/tfjs'
import { positionsInside, type Geometry } from './geometry.ts'
import { withPaddedChannels } from './padded-channels.ts'
import { simd } from './simd/module.ts'
import { transposed } from './transposed.ts'
import { addressesOf, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

/** The gradient of a convolution in its filter, from its input and the gradient of its output. */
export type FilterGradient = (
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: Geometry,
) => tf.TensorInfo

/** Bytes of x and dy that one block of rows may take, measured: about half of the first-level cache. */
const BLOCK_BYTES = 16_384

/** How many rows of positions of x and dy stay in the first-level cache. */
export const blockRowsOf = ({ width, channels }: Geometry, filters: number): number =>
  Math.max(1, Math.floor(BLOCK_BYTES / (4 * (channels * width.stride + filters) * width.outSize)))

/** Calls `tap` for every tap and block of rows, with the positions at which the tap lies inside the image. */
function forEachBlock(geometry: Geometry, filters: number, tap: (block: Block) => void): void {
  const { batch, height, width } = geometry
  const blockRows = blockRowsOf(geometry, filters)
  const columns = Array.from({ length: width.taps }, (_, j) => positionsInside(width, j))
  for (let n = 0; n < batch; n++) {
    for (let start = 0; start < height.outSize; start += blockRows) {
      for (let i = 0; i < height.taps; i++) {
        const [first, last] = positionsInside(height, i)
        const rows: [number, number] = [Math.max(first, start), Math.min(last, start + blockRows)]
        if (rows[1] <= rows[0]) continue
        for (let j = 0; j < width.taps; j++) tap({ n, i, j, rows, columns: columns[j]! })
      }
    }
  }
}

interface Block {
  readonly n: number
  readonly i: number
  readonly j: number
  readonly rows: [first: number, last: number]
  readonly columns: [first: number, last: number]
}

/** One of the two factors of the outer products: where it starts, and the bytes between its positions. */
interface Factor {
  readonly start: number
  readonly channels: number
  readonly column: number
  readonly rowSkip: number
}

/** `[height · width, channels, filters]`, of as many taps; `[height · width, filters, channels]` if it is turned. */
function outerProducts(
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: Geometry,
  isTurned: boolean,
): tf.TensorInfo {
  const { height, width, channels } = geometry
  const filters = dy.shape[3]!
  const [rows, columns] = isTurned ? [filters, channels] : [channels, filters]
  const out = zeros(backend, [height.taps * width.taps, rows, columns])
  const { filterGradientTap } = simd(backend)
  const [xStart, dyStart, outStart] = addressesOf(backend, x, dy, out)
  const [position, gradient] = [4 * channels, 4 * filters]
  forEachBlock(geometry, filters, ({ n, i, j, rows: [firstRow, lastRow], columns: [first, last] }) => {
    const xRow = n * height.size + firstRow * height.stride + i - height.before
    const ofX: Factor = {
      start: xStart + (xRow * width.size + first * width.stride + j - width.before) * position,
      channels,
      column: width.stride * position,
      rowSkip: (height.stride * width.size - (last - first) * width.stride) * position,
    }
    const ofGradient: Factor = {
      start: dyStart + ((n * height.outSize + firstRow) * width.outSize + first) * gradient,
      channels: filters,
      column: gradient,
      rowSkip: (width.outSize - (last - first)) * gradient,
    }
    const [left, right] = isTurned ? [ofGradient, ofX] : [ofX, ofGradient]
    filterGradientTap(
      left.start,
      right.start,
      outStart + 4 * (i * width.taps + j) * channels * filters,
      lastRow - firstRow,
      last - first,
      left.column,
      left.rowSkip,
      right.column,
      right.rowSkip,
      rows,
      columns,
      4 * columns,
    )
  })
  return out
}

/** @param dy its channels a multiple of four */
export const filterGradient: FilterGradient = (backend, x, dy, geometry) => ({
  ...outerProducts(backend, x, dy, geometry, false),
  shape: [geometry.height.taps, geometry.width.taps, geometry.channels, dy.shape[3]!],
})

/** The same from `dyᵀ · x`, in vectors along the channels of x: for dy with too few channels to fill vectors. */
export const turnedFilterGradient: FilterGradient = (backend, x, dy, geometry) =>
  withScratch(backend, (scratch) => {
    const { height, width, channels } = geometry
    const turned = withPaddedChannels(backend, x, (padded) =>
      outerProducts(backend, padded, dy, { ...geometry, channels: padded.shape[3]! }, true),
    )
    return { ...transposed(backend, scratch(turned)), shape: [height.taps, width.taps, channels, dy.shape[3]!] }
  })
