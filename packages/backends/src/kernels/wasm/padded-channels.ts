import type * as tf from '@tensorflow/tfjs'
import { runKernel, withScratch, type WasmBackend } from './wasm-backend.ts'

/** Floats of a vector. */
export const LANES = 4

/** Runs `f` on a tensor whose last axis is filled up with zeros to a multiple of four, and cuts its result back. */
export function withPaddedChannels(
  backend: WasmBackend,
  info: tf.TensorInfo,
  f: (padded: tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo {
  const channels = info.shape.at(-1)!
  const missing = (LANES - (channels % LANES)) % LANES
  if (missing === 0) return f(info)
  return withScratch(backend, (scratch) => {
    const paddings = info.shape.map((_, axis) => [0, axis === info.shape.length - 1 ? missing : 0])
    const result = scratch(f(scratch(runKernel('PadV2', backend, { x: info }, { paddings, constantValue: 0 }))))
    return runKernel(
      'Slice',
      backend,
      { x: result },
      { begin: result.shape.map(() => 0), size: [...result.shape.slice(0, -1), channels] },
    )
  })
}
