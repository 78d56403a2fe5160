import type * as tf from '@tensorflow/tfjs'
import { matrixPairs } from './matrix-pairs.ts'
import { isNarrow } from './simd/dot-row.ts'
import { simd } from './simd/module.ts'
import type { MatMulAttributes, Sizes } from './small-products.ts'
import { addressesOf, withScratch, type WasmBackend } from './wasm-backend.ts'

/** Batches of products with fewer than four columns: a call for each pair would cost a third of the product. */
export const areDotProducts = ({ shape }: tf.TensorInfo, { k, n }: Sizes, { transposeA }: MatMulAttributes): boolean =>
  !transposeA && shape.length > 2 && n > 0 && isNarrow(n) && k > 0 && k % 4 === 0

/** One call for each run of pairs. */
export function dotProducts(
  backend: WasmBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeB }: MatMulAttributes,
  { m, k, n }: Sizes,
): tf.TensorInfo {
  const { outer, runs } = matrixPairs(a, b)
  return withScratch(backend, (scratch) => {
    const right = scratch(backend.makeOutput([k, n], 'float32'))
    const out = backend.makeOutput([...outer, m, n], 'float32')
    const [aStart, bStart, outStart, rightStart] = addressesOf(backend, a, b, out, right)
    const [aBytes, bBytes, outBytes] = [4 * m * k, 4 * k * n, 4 * m * n]
    const [bRow, bColumn] = transposeB ? [4, 4 * k] : [4 * n, 4]
    const multiply = simd(backend)[`dotProducts${n as 1 | 2 | 3}`]
    let to = outStart
    for (const { a: firstA, b: firstB, count, aStep, bStep } of runs) {
      const [fromA, fromB] = [aStart + firstA * aBytes, bStart + firstB * bBytes]
      multiply(fromA, fromB, to, rightStart, count, aStep * aBytes, bStep * bBytes, bRow, bColumn, m, k)
      to += count * outBytes
    }
    return out
  })
}
