import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, positionsInside, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { withPaddedChannels } from './padded-channels.ts'
import { simd } from './simd/module.ts'
import { zeros, type WasmBackend } from './wasm-backend.ts'
import { winogradFilterGradient } from './winograd-filter-gradient.ts'
import { fitsWinograd } from './winograd-tiles.ts'

interface Attributes extends ConvolutionAttributes {
  readonly filterShape: [number, number, number, number]
}

/** Bytes of x and dy that one block of rows may take, measured: about half of the first-level cache. */
const BLOCK_BYTES = 16_384

/** Calls `tap` for every tap and block of rows, with the stretch of positions at which it falls inside the image. */
function forEachBlock(geometry: Geometry, channels: number, filters: number, tap: (block: Block) => void): void {
  const { batch, height, width } = geometry
  const rowBytes = 4 * (channels * width.stride + filters) * width.outSize
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes))
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

function filterGradient(backend: WasmBackend, x: tf.TensorInfo, dy: tf.TensorInfo, geometry: Geometry): tf.TensorInfo {
  const { height, width, channels } = geometry
  const filters = dy.shape[3]!
  const out = zeros(backend, [height.taps, width.taps, channels, filters])
  const { filterGradientTap } = simd(backend)
  const [xStart, dyStart, outStart] = [x, dy, out].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [
    number,
    number,
    number,
  ]
  const [position, gradient] = [4 * channels, 4 * filters]
  forEachBlock(geometry, channels, filters, ({ n, i, j, rows, columns }) => {
    const [rowCount, columnCount] = [rows[1] - rows[0], columns[1] - columns[0]]
    const xRow = n * height.size + rows[0] * height.stride + i - height.before
    const xFirst = xRow * width.size + columns[0] * width.stride + j - width.before
    const dyFirst = (n * height.outSize + rows[0]) * width.outSize + columns[0]
    filterGradientTap(
      xStart + xFirst * position,
      dyStart + dyFirst * gradient,
      outStart + (i * width.taps + j) * channels * gradient,
      rowCount,
      columnCount,
      width.stride * position,
      (height.stride * width.size - columnCount * width.stride) * position,
      gradient,
      (width.outSize - columnCount) * gradient,
      channels,
      filters,
      gradient,
    )
  })
  return out
}

/** `dw[i, j, c, k] = Σ x[n, p·s + i − pad, q·s + j − pad, c] · dy[n, p, q, k]`, without copying the image. */
export const conv2dBackpropFilter = wasmKernel<Attributes>({
  name: 'Conv2DBackpropFilter',
  defect: 'missing',
  repairs: 'is missing: no convolution can be trained',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
      const geometry = convolutionGeometry(x.shape, attrs.filterShape, attrs)
      const gradient = fitsWinograd(geometry) ? winogradFilterGradient : filterGradient
      return withPaddedChannels(backend, dy, (padded) => gradient(backend, x, padded, geometry))
    },
})
