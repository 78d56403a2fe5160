import * as tf from '@tensorflow/tfjs'

type Size = readonly [height: number, width: number]

/** `[positions, size]`: new value i = Σ_j share[i][j] · old value j. */
type Shares = readonly (readonly number[])[]

/**
 * New position i is the mean of the old ones from `⌊i · size / positions⌋` to before `⌈(i + 1) · size / positions⌉`, as
 * PyTorch has it; they overlap where sizes do not divide.
 */
export const adaptiveMeans = (size: number, positions: number): number[][] =>
  Array.from({ length: positions }, (_, i) => {
    const [from, to] = [Math.floor((i * size) / positions), Math.ceil(((i + 1) * size) / positions)]
    return Array.from({ length: size }, (__, row) => (row >= from && row < to ? 1 / (to - from) : 0))
  })

/** New position i copies the old one at `⌊i · size / positions⌋`. */
export const nearestCopies = (size: number, positions: number): number[][] =>
  Array.from({ length: positions }, (_, i) => {
    const source = Math.floor((i * size) / positions)
    return Array.from({ length: size }, (__, row) => (row === source ? 1 : 0))
  })

const transposed = (shares: Shares): Shares => shares[0]!.map((_, j) => shares.map((row) => row[j]!))

/** `rows · x · columnsᵀ` for every image and channel. */
function mix(x: tf.Tensor4D, rows: Shares, columns: Shares): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape
  const matrix = (shares: Shares) => tf.tensor3d([shares.map((row) => [...row])])
  const tall = tf.matMul(matrix(rows), tf.reshape(x, [batch, height, width * channels]))
  const wide = tf.matMul(matrix(columns), tf.reshape(tall, [batch * rows.length, width, channels]))
  return tf.reshape(wide, [batch, rows.length, columns.length, channels])
}

/** Resizing is linear and separable, so its gradient is the transposed matrices: right on every backend, any size. */
const resampled =
  (shares: (size: number, positions: number) => Shares) =>
  (x: tf.Tensor4D, [height, width]: Size): tf.Tensor4D => {
    if (x.shape[1] === height && x.shape[2] === width) return x
    const [rows, columns] = [shares(x.shape[1], height), shares(x.shape[2], width)]
    return tf.customGrad((input) => ({
      value: mix(input as tf.Tensor4D, rows, columns),
      gradFunc: (dy) => mix(dy as tf.Tensor4D, transposed(rows), transposed(columns)),
    }))(x) as tf.Tensor4D
  }

/**
 * Adaptive average pooling to a given size; a map of that size is returned as it is.
 *
 * @param x `[batch, height, width, channels]`
 * @example adaptiveAveragePool(tf.ones([1, 7, 7, 3]), [4, 4]) // ones [1, 4, 4, 3]
 */
export const adaptiveAveragePool = resampled(adaptiveMeans)

/** Each new position copies the old one at `⌊i · from / to⌋`; a map of that size is returned as it is. */
export const resizeNearest = resampled(nearestCopies)
