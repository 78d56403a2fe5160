import * as tf from '@tensorflow/tfjs'
import { wasmKernel, type KernelCall } from './kernel.ts'
import { withPaddedChannels } from './padded-channels.ts'
import { simd } from './simd/module.ts'
import { sizeOf, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

export interface MatMulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

type Stock = (call: KernelCall<MatMulAttributes>) => tf.TensorInfo

/** Rows of a and b that one pass takes, measured: few enough for the second-level cache. */
const BLOCK_ROWS = 64

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

/** `aᵀ · b` of batches of matrices `[rows, m]` and `[rows, n]`, n a multiple of four: sums of outer products. */
function transposedTimes(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [[rows, m], n] = [a.shape.slice(-2) as [number, number], b.shape.at(-1)!]
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter)
  const out = zeros(backend, [...outer, m, n])
  const { filterGradientTap } = simd(backend)
  const [aStart, bStart, outStart] = [a, b, out].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [number, number, number]
  for (let i = 0; i < sizeOf(outer); i++) {
    const [aRow, bRow] = [batchIndex(i, outer, aOuter) * rows, batchIndex(i, outer, bOuter) * rows]
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - row)
      filterGradientTap(aStart + 4 * (aRow + row) * m, bStart + 4 * (bRow + row) * n, outStart + 4 * i * m * n, 1, count, 4 * m, 0, 4 * n, 0, m, n)
    }
  }
  return out
}

export const batchMatMul = wasmKernel<MatMulAttributes>({
  name: 'BatchMatMul',
  repairs: 'is 12 to 20 times slower with a transpose or a batch, and wrong if both batches are broadcast',
  create: (stock) => ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const { transposeA, transposeB } = attrs
    return withScratch(backend, (scratch) => {
      const right = transposeB ? scratch(transposed(backend, b)) : b
      const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
      // The stock kernel is fast for plain matrices, and for nothing else.
      if (!transposeA && sizeOf(outer) === 1) return (stock as Stock)({ inputs: { a, b: right }, attrs: { transposeA: false, transposeB: false }, backend })
      const left = transposeA ? a : scratch(transposed(backend, a))
      return withPaddedChannels(backend, right, (padded) => transposedTimes(backend, left, padded))
    })
  },
})
