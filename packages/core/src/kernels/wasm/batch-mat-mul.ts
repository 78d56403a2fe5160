import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../../errors.ts'
import { wasmKernel } from './kernel.ts'
import { withPaddedChannels } from './padded-channels.ts'
import { packPanels, panelMemory, type Panel } from './panels.ts'
import { simd } from './simd/module.ts'
import { sizeOf, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

export interface MatMulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** Rows of a and b that one pass of outer products takes, measured: few enough for the second-level cache. */
const BLOCK_ROWS = 64

/** Bytes of a that all panels pass over before the next rows, and the fewest rows. */
const BLOCK_BYTES = 65_536
const LEAST_ROWS = 16

/** The last two axes swapped, for every matrix of a batch. */
function transposed(backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo {
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  const outer = x.shape.slice(0, -2)
  const out = backend.makeOutput([...outer, columns, rows], 'float32')
  const [from, to] = [backend.getMemoryOffset(x.dataId), backend.getMemoryOffset(out.dataId)]
  const bytes = 4 * rows * columns
  const { transposeMatrix } = simd(backend)
  for (let i = 0; i < sizeOf(outer); i++) transposeMatrix(from + i * bytes, to + i * bytes, rows, columns)
  return out
}

/** Index of a matrix in a broadcast batch: axes of size one always read their only entry. */
function batchIndex(index: number, outer: readonly number[], own: readonly number[]): number {
  let [offset, stride, rest] = [0, 1, index]
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    const size = own[axis - outer.length + own.length] ?? 1
    offset += (size === 1 ? 0 : rest % outer[axis]!) * stride
    stride *= size
    rest = Math.floor(rest / outer[axis]!)
  }
  return offset
}

/** Which matrices meet, for each of the product's. */
function pairs(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): { readonly outer: number[]; readonly indices: readonly { readonly a: number; readonly b: number }[] } {
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter)
  const indices = Array.from({ length: sizeOf(outer) }, (_, i) => ({
    a: batchIndex(i, outer, aOuter),
    b: batchIndex(i, outer, bOuter),
  }))
  return { outer, indices }
}

/** `aᵀ · b` of batches of matrices `[rows, m]` and `[rows, n]`, n a multiple of four: sums of outer products. */
function transposedTimes(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [[rows, m], n] = [a.shape.slice(-2) as [number, number], b.shape.at(-1)!]
  const { outer, indices } = pairs(a, b)
  const out = zeros(backend, [...outer, m, n])
  const { filterGradientTap } = simd(backend)
  const [aStart, bStart, outStart] = [a, b, out].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [
    number,
    number,
    number,
  ]
  indices.forEach((index, i) => {
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const [aRow, bRow] = [index.a * rows + row, index.b * rows + row]
      const count = Math.min(BLOCK_ROWS, rows - row)
      filterGradientTap(
        aStart + 4 * aRow * m,
        bStart + 4 * bRow * n,
        outStart + 4 * i * m * n,
        1,
        count,
        4 * m,
        0,
        4 * n,
        0,
        m,
        n,
      )
    }
  })
  return out
}

/** `a · b`, or `a · bᵀ`, of batches of matrices: the convolution with windows of one row. */
function times(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, transposeB: boolean): tf.TensorInfo {
  const [m, k] = a.shape.slice(-2) as [number, number]
  const n = b.shape.at(transposeB ? -2 : -1)!
  const { outer, indices } = pairs(a, b)
  return withScratch(backend, (scratch) => {
    const memory = scratch(panelMemory(backend, k, n))
    const out = backend.makeOutput([...outer, m, n], 'float32')
    const [aStart, bStart, outStart] = [a, b, out].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [
      number,
      number,
      number,
    ]
    const blockRows = Math.max(LEAST_ROWS, Math.floor(BLOCK_BYTES / (4 * k)))
    let packed: { readonly index: number; readonly panels: readonly Panel[] } | undefined
    indices.forEach((index, i) => {
      if (packed?.index !== index.b)
        packed = { index: index.b, panels: packPanels(backend, bStart + 4 * index.b * k * n, memory, k, n, transposeB) }
      for (let row = 0; row < m; row += blockRows) {
        const [from, to] = [aStart + 4 * (index.a * m + row) * k, outStart + 4 * (i * m + row) * n]
        for (const { weights, first, convolveRow } of packed.panels)
          convolveRow(from, weights, to + 4 * first, Math.min(blockRows, m - row), 4 * k, 4 * n, 1, 4 * k, k)
      }
    })
    return out
  })
}

function checkTypes(...matrices: tf.TensorInfo[]): void {
  const other = matrices.find(({ dtype }) => dtype !== 'float32')
  if (other === undefined) return
  throw new GpdError(
    'backend.unsupported',
    `wasm matMul: expected float32, got ${other.dtype}.`,
    'Cast with tf.cast first.',
  )
}

export const batchMatMul = wasmKernel<MatMulAttributes>({
  name: 'BatchMatMul',
  defect: 'slow',
  repairs: 'is 12 to 20 times slower with a transpose or a batch, and wrong if both batches are broadcast',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
      checkTypes(a, b)
      if (!attrs.transposeA) return times(backend, a, b, attrs.transposeB)
      return withScratch(backend, (scratch) => {
        const right = attrs.transposeB ? scratch(transposed(backend, b)) : b
        return withPaddedChannels(backend, right, (padded) => transposedTimes(backend, a, padded))
      })
    },
})
