import type * as tf from '@tensorflow/tfjs'
import { forEachPair, matrixPairs } from './matrix-pairs.ts'
import { PANEL } from './simd/convolve-row.ts'
import { simd } from './simd/module.ts'
import { addressesOf, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

/** Rows of a and b that one pass of outer products takes, measured: few enough for the second-level cache. */
const BLOCK_ROWS = 64

/** Columns of a that are copied together with `BLOCK_ROWS` rows: half of the first-level cache. */
const BLOCK_COLUMNS = 64

/** A product of more floats leaves the second-level cache; copying parts of a and b is faster then. */
const LARGE = 65_536

interface Factors {
  readonly m: number
  readonly n: number
}

/** Adds the outer products of `rows` rows at `a` and `b` to `out`. */
type AddProducts = (a: number, b: number, out: number, rows: number) => void

function inPlace(backend: WasmBackend, { m, n }: Factors): AddProducts {
  const { filterGradientTap } = simd(backend)
  return (a, b, out, rows) => filterGradientTap(a, b, out, 1, rows, 4 * m, 0, 4 * n, 0, m, n, 4 * n)
}

/** Rows far apart in memory fall into a few sets of the cache, so blocks of both factors are copied to one place first. */
function copied(backend: WasmBackend, { m, n }: Factors, aBlock: number, bBlock: number): AddProducts {
  const { copyRows, filterGradientTap } = simd(backend)
  const panels = Array.from({ length: Math.ceil(n / PANEL) }, (_, i) => ({
    first: i * PANEL,
    width: Math.min(PANEL, n - i * PANEL),
  }))
  return (a, b, out, rows) => {
    const at = (first: number) => bBlock + 4 * first * rows
    for (const { first, width } of panels) copyRows(b + 4 * first, 4 * n, at(first), 4 * width, rows, 4 * width)
    for (let column = 0; column < m; column += BLOCK_COLUMNS) {
      const columns = Math.min(BLOCK_COLUMNS, m - column)
      copyRows(a + 4 * column, 4 * m, aBlock, 4 * columns, rows, 4 * columns)
      for (const { first, width } of panels) {
        const to = out + 4 * (column * n + first)
        filterGradientTap(aBlock, at(first), to, 1, rows, 4 * columns, 0, 4 * width, 0, columns, width, 4 * n)
      }
    }
  }
}

/** `aᵀ · b` of batches of matrices `[rows, m]` and `[rows, n]`, n a multiple of four: sums of outer products. */
export function transposedTimes(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [[rows, m], n] = [a.shape.slice(-2) as [number, number], b.shape.at(-1)!]
  const { outer, runs } = matrixPairs(a, b)
  return withScratch(backend, (scratch) => {
    const isLarge = m * n > LARGE
    const block = scratch(backend.makeOutput([isLarge ? BLOCK_ROWS * (BLOCK_COLUMNS + n) : 0], 'float32'))
    const out = zeros(backend, [...outer, m, n])
    const [aStart, bStart, outStart, aBlock] = addressesOf(backend, a, b, out, block)
    const addProducts = isLarge
      ? copied(backend, { m, n }, aBlock, aBlock + 4 * BLOCK_ROWS * BLOCK_COLUMNS)
      : inPlace(backend, { m, n })
    forEachPair(runs, (aIndex, bIndex, i) => {
      for (let row = 0; row < rows; row += BLOCK_ROWS) {
        const [from, fromB] = [aStart + 4 * (aIndex * rows + row) * m, bStart + 4 * (bIndex * rows + row) * n]
        addProducts(from, fromB, outStart + 4 * i * m * n, Math.min(BLOCK_ROWS, rows - row))
      }
    })
    return out
  })
}
