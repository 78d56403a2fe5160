import * as tf from '@tensorflow/tfjs'
import { GpdError, permutation, randomStream } from '@gpdjs/core'
import type { BatchSource } from './batch-source.ts'

/**
 * Batches from tensors in memory, `{ xs, ys }` as TensorFlow.js users have them. The tensors stay the caller's.
 *
 * @param data.xs `[samples, height, width, channels]`
 * @param data.ys class indices, int32 `[samples]`
 * @throws GpdError `data.mismatch` if the numbers of samples differ
 */
export function tensorSource(data: {
  readonly xs: tf.Tensor4D
  readonly ys: tf.Tensor1D
  readonly classes: number
}): BatchSource {
  const { xs, ys, classes } = data
  const size = xs.shape[0]
  if (ys.shape[0] !== size)
    throw new GpdError('data.mismatch', `tensorSource: ${size} images, but ${ys.shape[0]} labels.`)
  return {
    size,
    classes,
    shape: xs.shape.slice(1),
    augmented: false,
    *batches({ batchSize, seed, epoch, shuffle = false }) {
      const order = shuffle
        ? permutation(size, randomStream(seed, 'shuffle', epoch))
        : Uint32Array.from({ length: size }, (_, i) => i)
      const end = shuffle ? size - (size % batchSize) : size
      for (let from = 0; from < end; from += batchSize) {
        const index = order.slice(from, Math.min(from + batchSize, end))
        const rows = tf.tensor1d(Int32Array.from(index), 'int32')
        const batch = { xs: tf.gather(xs, rows), ys: tf.gather(ys, rows), index }
        rows.dispose()
        yield batch
      }
    },
  }
}
