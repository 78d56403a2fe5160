import type * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { wasmKernel } from './kernel.ts'
import { areDotProducts, dotProducts } from './dot-products.ts'
import { forEachPair, matrixPairs } from './matrix-pairs.ts'
import { transposedTimes } from './outer-products.ts'
import { LANES, withPaddedChannels } from './padded-channels.ts'
import { panelMemory, panelsIn } from './panels.ts'
import { LEAST_COLUMNS } from './simd/small-products.ts'
import { isSmall, smallProducts, type MatMulAttributes, type Sizes } from './small-products.ts'
import { transposed } from './transposed.ts'
import { addressesOf, withScratch, type WasmBackend } from './wasm-backend.ts'

/** Bytes of a that are multiplied with all panels before the next rows follow, and the fewest rows. */
const BLOCK_BYTES = 65_536
const LEAST_ROWS = 16

/** `a · b`, or `a · bᵀ`, of batches of matrices: the convolution with windows of one row. */
function times(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, transposeB: boolean): tf.TensorInfo {
  const [m, k] = a.shape.slice(-2) as [number, number]
  const n = b.shape.at(transposeB ? -2 : -1)!
  const { outer, runs } = matrixPairs(a, b)
  return withScratch(backend, (scratch) => {
    const memory = scratch(panelMemory(backend, k, n))
    const out = backend.makeOutput([...outer, m, n], 'float32')
    const [aStart, bStart, outStart] = addressesOf(backend, a, b, out)
    const blockRows = Math.max(LEAST_ROWS, Math.floor(BLOCK_BYTES / (4 * k)))
    const { panels, pack } = panelsIn(backend, memory, { rows: k, channels: n, run: k, isTransposed: transposeB })
    let packed = -1
    forEachPair(runs, (aIndex, bIndex, i) => {
      if (packed !== bIndex) pack(bStart + 4 * bIndex * k * n)
      packed = bIndex
      for (let row = 0; row < m; row += blockRows) {
        const [from, to] = [aStart + 4 * (aIndex * m + row) * k, outStart + 4 * (i * m + row) * n]
        for (const { weights, first, convolveRow } of panels)
          convolveRow(from, weights, to + 4 * first, Math.min(blockRows, m - row), 4 * k, 4 * n, 1, 4 * k, k)
      }
    })
    return out
  })
}

/** Sums so long that outer products, which write each number once per block of rows, are faster than transposing a. */
const isLong = ({ m, k, n }: Sizes) => k >= 4 * Math.max(m, n)

function sizesOf(a: tf.TensorInfo, b: tf.TensorInfo, { transposeA, transposeB }: MatMulAttributes): Sizes {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const n = b.shape.at(transposeB ? -2 : -1)!
  return transposeA ? { m: aColumns, k: aRows, n } : { m: aRows, k: aColumns, n }
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

/** With so few rows of a, packing or transposing b costs more than it saves; measured. */
const FEW_ROWS = 8

const hasFewRows = ({ m, n }: Sizes) => m <= FEW_ROWS && n % LANES === 0

/** With more numbers in b, transposing it takes longer than computing in the other order; measured. */
const MANY = 1024

/**
 * Whether `(bᵀ · aᵀ)ᵀ` is the faster form: if a product has fewer than four columns and a is transposed, or few rows and
 * b is transposed, this order reads both matrices in the order of their memory.
 */
const isMirrored = ({ transposeA, transposeB }: MatMulAttributes, { m, k, n }: Sizes) =>
  (transposeA && n < LEAST_COLUMNS && m >= LEAST_COLUMNS) ||
  (transposeB && m <= FEW_ROWS && n > FEW_ROWS && k * n >= MANY)

function multiply(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo, attrs: MatMulAttributes): tf.TensorInfo {
  const sizes = sizesOf(a, b, attrs)
  const { transposeA, transposeB } = attrs
  return withScratch(backend, (scratch) => {
    if (isMirrored(attrs, sizes)) {
      const mirrored = multiply(backend, b, a, { transposeA: !transposeB, transposeB: !transposeA })
      return transposed(backend, scratch(mirrored))
    }
    if (isSmall(sizes, attrs)) return smallProducts(backend, a, b, attrs, sizes)
    if (areDotProducts(a, sizes, attrs)) return dotProducts(backend, a, b, attrs, sizes)
    if (!transposeB && hasFewRows(sizes))
      return transposedTimes(backend, transposeA ? a : scratch(transposed(backend, a)), b)
    if (!transposeA) return times(backend, a, b, transposeB)
    if (!isLong(sizes)) return times(backend, scratch(transposed(backend, a)), b, transposeB)
    const right = transposeB ? scratch(transposed(backend, b)) : b
    // Vectors along the columns of a if the columns of b do not fill them.
    if (sizes.n % LANES !== 0 && sizes.m % LANES === 0)
      return transposed(backend, scratch(transposedTimes(backend, right, a)))
    return withPaddedChannels(backend, right, (padded) => transposedTimes(backend, a, padded))
  })
}

export const batchMatMul = wasmKernel<'a' | 'b', MatMulAttributes>({
  name: 'BatchMatMul',
  defect: 'slow',
  problem: 'is 12 to 20 times slower with a transpose or a batch, and wrong if both batches are broadcast',
  create:
    () =>
    ({ inputs: { a, b }, attrs, backend }) => {
      checkTypes(a, b)
      return multiply(backend, a, b, attrs)
    },
})
