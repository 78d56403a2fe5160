import * as tf from '@tensorflow/tfjs'

type Size = readonly [height: number, width: number]

/** Each row says how much of every old position one new position takes. */
type Shares = readonly (readonly number[])[]

/** Bin i covers `floor(i · from / to)` to `ceil((i + 1) · from / to) − 1`; bins overlap when `to` does not divide `from`. */
const binShares = (from: number, to: number): Shares =>
  Array.from({ length: to }, (_, i) => {
    const [first, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)]
    return Array.from({ length: from }, (_, j) => (j >= first && j < end ? 1 / (end - first) : 0))
  })

const nearestShares = (from: number, to: number): Shares =>
  Array.from({ length: to }, (_, i) => {
    const source = Math.min(from - 1, Math.floor((i * from) / to))
    return Array.from({ length: from }, (_, j) => (j === source ? 1 : 0))
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
function resample(x: tf.Tensor4D, rows: Shares, columns: Shares): tf.Tensor4D {
  return tf.customGrad((input) => ({
    value: mix(input as tf.Tensor4D, rows, columns),
    gradFunc: (dy) => mix(dy as tf.Tensor4D, transposed(rows), transposed(columns)),
  }))(x) as tf.Tensor4D
}

const isSize = ({ shape }: tf.Tensor4D, [height, width]: Size): boolean => shape[1] === height && shape[2] === width

const sizeOf = ({ shape }: tf.Tensor4D): Size => [shape[1], shape[2]]

/**
 * Adaptive average pooling to a given size.
 *
 * @param x `[batch, height, width, channels]`
 * @example adaptiveAveragePool(tf.ones([1, 7, 7, 3]), [4, 4]) // ones [1, 4, 4, 3]
 */
export const adaptiveAveragePool = (x: tf.Tensor4D, size: Size): tf.Tensor4D =>
  isSize(x, size) ? x : resample(x, binShares(x.shape[1], size[0]), binShares(x.shape[2], size[1]))

/** Each new position copies the old one at `floor(i · from / to)`. */
export const resizeNearest = (x: tf.Tensor4D, size: Size): tf.Tensor4D =>
  isSize(x, size) ? x : resample(x, nearestShares(x.shape[1], size[0]), nearestShares(x.shape[2], size[1]))

/** Both maps at the smaller height and the smaller width of the two. */
export function poolToSmaller(a: tf.Tensor4D, b: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const size: Size = [Math.min(sizeOf(a)[0], sizeOf(b)[0]), Math.min(sizeOf(a)[1], sizeOf(b)[1])]
  return [adaptiveAveragePool(a, size), adaptiveAveragePool(b, size)]
}
