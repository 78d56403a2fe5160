import * as tf from '@tensorflow/tfjs'
import { wasmKernel, type KernelCall } from './kernel.ts'
import { withPaddedChannels } from './padded-channels.ts'
import { simd } from './simd/module.ts'
import { runKernel, sizeOf, withScratch, withView, zeros, type WasmBackend } from './wasm-backend.ts'

export interface MatMulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

type Stock = (call: KernelCall<MatMulAttributes>) => tf.TensorInfo

/** Rows of a and b that one pass takes, measured: few enough for the second-level cache. */
const BLOCK_ROWS = 64

const swapLast = (rank: number) => [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]

const transposed = (backend: WasmBackend, x: tf.TensorInfo) => runKernel('Transpose', backend, { x }, { perm: swapLast(x.shape.length) })

/** `aᵀ · b` of matrices `[rows, m]` and `[rows, n]`, a multiple of four wide, without transposing: the sum of outer products. */
function transposedTimes(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [rows, m, n] = [a.shape[0]!, a.shape[1]!, b.shape[1]!]
  const out = zeros(backend, [m, n])
  const { filterGradientTap } = simd(backend)
  const [aStart, bStart, outStart] = [a, b, out].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [number, number, number]
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - row)
    filterGradientTap(aStart + 4 * row * m, bStart + 4 * row * n, outStart, 1, count, 4 * m, 0, 4 * n, 0, m, n)
  }
  return out
}

/** Index of a matrix in a broadcast batch: axes of size one always read their only entry. */
function batchIndex(index: number, outer: readonly number[], own: readonly number[]): number {
  let [offset, stride] = [0, 1]
  for (let axis = outer.length - 1, rest = index; axis >= 0; axis--) {
    const size = own[axis - outer.length + own.length] ?? 1
    offset += (size === 1 ? 0 : rest % outer[axis]!) * stride
    stride *= size
    rest = Math.floor(rest / outer[axis]!)
  }
  return offset
}

/** One product after the other, each on the fast path for plain matrices. */
function eachMatrix(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, multiply: (a: tf.TensorInfo, b: tf.TensorInfo) => tf.TensorInfo, out: tf.TensorInfo): tf.TensorInfo {
  const outer = out.shape.slice(0, -2)
  const [aMatrix, bMatrix, size] = [a, b, out].map(({ shape }) => sizeOf(shape.slice(-2))) as [number, number, number]
  for (let index = 0; index < sizeOf(outer); index++) {
    const aFirst = batchIndex(index, outer, a.shape.slice(0, -2)) * aMatrix
    const bFirst = batchIndex(index, outer, b.shape.slice(0, -2)) * bMatrix
    const product = withView(backend, a, aFirst, a.shape.slice(-2), (left) =>
      withView(backend, b, bFirst, b.shape.slice(-2), (right) => multiply(left, right)),
    )
    backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(product), index * size)
    backend.disposeData(product.dataId)
  }
  return out
}

/** Matrices `[m, k]` and `[k, n]` (each maybe transposed), batch 1. */
function multiplyMatrices(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, attrs: MatMulAttributes, stock: Stock): tf.TensorInfo {
  return withScratch(backend, (scratch) => {
    if (attrs.transposeA && !attrs.transposeB) return withPaddedChannels(backend, b, (padded) => transposedTimes(backend, a, padded))
    const left = attrs.transposeA ? scratch(transposed(backend, a)) : a
    const right = attrs.transposeB ? scratch(transposed(backend, b)) : b
    return stock({ inputs: { a: left, b: right }, attrs: { transposeA: false, transposeB: false }, backend })
  })
}

/** The shape of the product, and whether it is one plain matrix. */
function productShape(a: tf.TensorInfo, b: tf.TensorInfo, { transposeA, transposeB }: MatMulAttributes): number[] {
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return [...outer, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!]
}

export const batchMatMul = wasmKernel<MatMulAttributes>({
  name: 'BatchMatMul',
  repairs: 'is 12 to 20 times slower with a transpose or a batch, and wrong for some broadcast batches',
  create: (stock) => ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const shape = productShape(a, b, attrs)
    const multiply = (left: tf.TensorInfo, right: tf.TensorInfo) => multiplyMatrices(backend, left, right, attrs, stock as Stock)
    if (sizeOf(shape.slice(0, -2)) === 1) {
      const [left, right] = [a, b].map((info) => ({ ...info, shape: info.shape.slice(-2) })) as [tf.TensorInfo, tf.TensorInfo]
      return { ...multiply(left, right), shape }
    }
    return eachMatrix(backend, a, b, multiply, backend.makeOutput(shape, 'float32'))
  },
})
