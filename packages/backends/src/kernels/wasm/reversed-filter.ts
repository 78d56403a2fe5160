import type * as tf from '@tensorflow/tfjs'
import { simd } from './simd/module.ts'
import { addressesOf, type WasmBackend } from './wasm-backend.ts'

/** Some taps of a filter `[height, width, in, out]`, in the given order, as a filter `[rows, columns, out, in]`. */
export function reversedFilter(
  backend: WasmBackend,
  filter: tf.TensorInfo,
  rows: readonly number[],
  columns: readonly number[],
): tf.TensorInfo {
  const [, width, inputs, outputs] = filter.shape as [number, number, number, number]
  const result = backend.makeOutput([rows.length, columns.length, outputs, inputs], 'float32')
  const [from, to] = addressesOf(backend, filter, result)
  const bytes = 4 * inputs * outputs
  const { transposeMatrices } = simd(backend)
  const taps = rows.flatMap((row) => columns.map((column) => row * width + column))
  taps.forEach((tap, i) =>
    transposeMatrices(from + tap * bytes, to + i * bytes, inputs, outputs, 4 * outputs, 4 * inputs, 1, 0, 0),
  )
  return result
}
