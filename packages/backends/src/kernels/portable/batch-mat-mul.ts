import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { compose, portableKernel } from './compose.ts'

/**
 * The stock kernels compute as many products as the larger batch has matrices; the index into the smaller batch starts
 * again at 0 when it ends. That is right if the axes of the smaller batch are the last axes of the whole.
 */
function isCounted(batch: readonly number[], whole: readonly number[]): boolean {
  const first = batch.findIndex((n) => n !== 1)
  const own = first === -1 ? [] : batch.slice(first)
  return own.every((n, axis) => n === whole[whole.length - own.length + axis])
}

/** Repeats the matrices of both batches first where those indices would be wrong. */
export const batchMatMul = portableKernel<'a' | 'b'>({
  name: 'BatchMatMul',
  problem: 'is silently wrong when both batches are broadcast, or one along an axis that is not its first',
  create:
    (stock, backendName) =>
    ({ inputs: { a, b }, attrs, backend }) => {
      const batches = [a, b].map(({ shape }) => shape.slice(0, -2)) as [number[], number[]]
      const whole = tf.broadcast_util.assertAndGetBroadcastShape(...batches)
      const run = (a: tf.TensorInfo, b: tf.TensorInfo) => stock!({ inputs: { a, b }, attrs, backend }) as tf.TensorInfo
      const isWhole = batches.some((batch) => sizeOf(batch) === sizeOf(whole))
      if (isWhole && batches.every((batch) => isCounted(batch, whole))) return run(a, b)
      return compose(backendName, backend, (kernel) => {
        const repeated = (x: tf.TensorInfo): tf.TensorInfo => {
          const shape = [...whole.slice(x.shape.length - 2).map(() => 1), ...x.shape]
          const reps = [...whole.map((n, axis) => n / shape[axis]!), 1, 1]
          return kernel('Tile', { x: kernel('Reshape', { x }, { shape }) }, { reps })
        }
        return run(repeated(a), repeated(b))
      })
    },
})
