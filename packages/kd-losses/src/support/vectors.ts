import * as tf from '@tensorflow/tfjs'

/** Below this a sum of squares counts as 0. Dividing by a smaller norm would blow rounding errors up to gradients. */
const FLOOR = 1e-24

/**
 * `x / ‖x‖₂` along one axis; 0, with gradient 0, where the norm is 0.
 *
 * The gradient is `(dy − y ⟨y, dy⟩) / ‖x‖`. Composed from ops it would be NaN at 0, and 10¹² with a floor.
 *
 * @param x any shape
 * @param axis along which vectors run (default: the last)
 */
export function unit<T extends tf.Tensor>(x: T, axis = -1): T {
  return tf.customGrad((input, save) => {
    const squares = tf.sum(tf.square(input as tf.Tensor), axis, true)
    const isLong = tf.cast(tf.greater(squares, FLOOR), 'float32')
    const inverse = tf.mul(tf.rsqrt(tf.maximum(squares, FLOOR)), isLong)
    const y = tf.mul(input as tf.Tensor, inverse)
    ;(save as tf.GradSaveFunc)([y, inverse])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [u, r] = saved as [tf.Tensor, tf.Tensor]
      return tf.mul(tf.sub(dy, tf.mul(u, tf.sum(tf.mul(dy, u), axis, true))), r)
    }
    return { value: y, gradFunc }
  })(x) as T
}

/** `√max(Σ x², floor)` along one axis, which stays with size 1. Its gradient is 0 below the floor. */
export const norm = (x: tf.Tensor, axis = -1, floor = FLOOR): tf.Tensor =>
  tf.sqrt(tf.maximum(tf.sum(tf.square(x), axis, true), floor))

/** `x − mean(x)` along one axis. */
export const centered = (x: tf.Tensor, axis: number): tf.Tensor => tf.sub(x, tf.mean(x, axis, true))

/** `[batch, …]` → `[batch, values]` */
export const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0]!, -1])

export const meanSquare = (x: tf.Tensor): tf.Scalar => tf.mean(tf.square(x))

/** The mean square of each row: `[batch, …]` → `[batch]` */
export const meanSquares = (x: tf.Tensor): tf.Tensor1D => tf.mean(flat(tf.square(x)), 1)
