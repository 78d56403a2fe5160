import * as tf from '@tensorflow/tfjs'
import { GpdError, mapRecord, permutation, randomStream } from '@gpdjs/core'
import type { BatchSource } from './batch-source.ts'

/** @throws GpdError `data.label-range` with the first label that is none of the classes */
async function checkLabels(ys: tf.Tensor1D, classes: number): Promise<void> {
  const labels = await ys.data()
  const index = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes)
  if (index < 0) return
  const problem = `tensorSource: expected labels 0 … ${classes - 1}, got ${labels[index]} at index ${index}.`
  throw new GpdError('data.label-range', problem, 'Correct the label, or raise the number of classes.')
}

/**
 * Batches from tensors in memory, `{ xs, ys }` as TensorFlow.js users have them. The tensors stay the caller's.
 *
 * @param data.xs `[samples, height, width, channels]`
 * @param data.views further views of the same images by name, in the shape of `xs`
 * @param data.ys class indices, int32 `[samples]`
 * @throws GpdError `data.mismatch` if the numbers of samples differ; where it is used, `data.label-range`
 */
export function tensorSource(data: {
  readonly xs: tf.Tensor4D
  readonly ys: tf.Tensor1D
  readonly classes: number
  readonly views?: Readonly<Record<string, tf.Tensor4D>>
}): BatchSource {
  const { xs, ys, classes, views = {} } = data
  const size = xs.shape[0]
  if (ys.shape[0] !== size)
    throw new GpdError('data.mismatch', `tensorSource: ${size} images, but ${ys.shape[0]} labels.`)
  const other = Object.keys(views).find((name) => views[name]!.shape.join() !== xs.shape.join())
  if (other !== undefined) {
    const [expected, found] = [xs, views[other]!].map(({ shape }) => `[${shape.join(', ')}]`)
    throw new GpdError('data.mismatch', `tensorSource: expected the view '${other}' as ${expected}, got ${found}.`)
  }
  // Labels do not change: once is enough.
  let checked: Promise<void> | undefined
  return {
    size,
    classes,
    shape: xs.shape.slice(1),
    augmented: false,
    views: Object.keys(views),
    check: () => (checked ??= checkLabels(ys, classes)),
    *batches({ batchSize, seed, epoch, shuffle = false }) {
      const order = shuffle
        ? permutation(size, randomStream(seed, 'shuffle', epoch))
        : Uint32Array.from({ length: size }, (_, i) => i)
      const end = shuffle ? size - (size % batchSize) : size
      for (let from = 0; from < end; from += batchSize) {
        const index = order.slice(from, Math.min(from + batchSize, end))
        const rows = tf.tensor1d(Int32Array.from(index), 'int32')
        const seen = shuffle ? { views: mapRecord(views, (view) => tf.gather(view, rows)) } : {}
        const batch = { xs: tf.gather(xs, rows), ys: tf.gather(ys, rows), index, ...seen }
        rows.dispose()
        yield batch
      }
    },
  }
}
