import type * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { simd } from './simd/module.ts'
import { addressesOf, type WasmBackend } from './wasm-backend.ts'

/** The last two axes swapped, for every matrix of a batch. */
export function transposed(backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo {
  const [rows, columns] = x.shape.slice(-2) as [number, number]
  const outer = x.shape.slice(0, -2)
  const out = backend.makeOutput([...outer, columns, rows], 'float32')
  const [from, to] = addressesOf(backend, x, out)
  const bytes = 4 * rows * columns
  simd(backend).transposeMatrices(from, to, rows, columns, 4 * columns, 4 * rows, sizeOf(outer), bytes, bytes)
  return out
}
