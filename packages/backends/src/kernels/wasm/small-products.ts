import type * as tf from '@tensorflow/tfjs'
import { matrixPairs } from './matrix-pairs.ts'
import { simd } from './simd/module.ts'
import { LEAST_COLUMNS } from './simd/small-products.ts'
import { addressesOf, withScratch, type WasmBackend } from './wasm-backend.ts'

export interface MatMulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** A product of m×k by k×n. */
export interface Sizes {
  readonly m: number
  readonly k: number
  readonly n: number
}

/** Up to so many floats in a and b together, copying b into panels costs more than it saves; measured. */
const SMALL = 16_384

/** Up to so many floats, transposing b as a whole is faster than panel by panel; measured. */
const SMALL_TURNED = 6144

export const isSmall = ({ m, k, n }: Sizes, { transposeB }: MatMulAttributes): boolean =>
  n >= LEAST_COLUMNS && k * (m + n) <= SMALL && (!transposeB || k * n <= SMALL_TURNED)

/** Batches of small matrices, one call for each run of pairs. */
export function smallProducts(
  backend: WasmBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: MatMulAttributes,
  { m, k, n }: Sizes,
): tf.TensorInfo {
  const { outer, runs } = matrixPairs(a, b)
  return withScratch(backend, (scratch) => {
    // A single row or column has the same memory transposed or not.
    const turnB = transposeB && k > 1
    const turned = scratch(backend.makeOutput(turnB ? [k, n] : [0], 'float32'))
    const out = backend.makeOutput([...outer, m, n], 'float32')
    const [aStart, bStart, outStart, right] = addressesOf(backend, a, b, out, turned)
    const functions = simd(backend)
    const multiply = transposeA && k > 1 ? functions.smallTransposedProducts : functions.smallProducts
    const [aBytes, bBytes, outBytes] = [4 * m * k, 4 * k * n, 4 * m * n]
    runs.forEach((run, i) =>
      multiply(
        aStart + run.a * aBytes,
        bStart + run.b * bBytes,
        outStart + i * outBytes,
        right,
        run.count,
        run.aStep * aBytes,
        run.bStep * bBytes,
        Number(turnB),
        m,
        k,
        n,
      ),
    )
    return out
  })
}
