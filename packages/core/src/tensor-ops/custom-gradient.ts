import * as tf from '@tensorflow/tfjs'

interface Computed<X extends readonly tf.Tensor[], S extends readonly tf.Tensor[]> {
  readonly value: tf.Tensor
  /** What the gradient is computed from. */
  readonly saved: S
  /** The gradients of the inputs, in their order. */
  gradients(dy: tf.Tensor, saved: S): { readonly [I in keyof X]: tf.Tensor }
}

/**
 * A function of tensors with a gradient of its own: `tf.customGrad` with types.
 *
 * @example
 * const square = customGradient((x: tf.Tensor) => ({
 *   value: tf.square(x),
 *   saved: [x],
 *   gradients: (dy, [x]) => [tf.mul(dy, tf.mul(x, 2))],
 * }))
 */
export const customGradient =
  <const X extends readonly tf.Tensor[], const S extends readonly tf.Tensor[]>(f: (...inputs: X) => Computed<X, S>) =>
  (...inputs: X): tf.Tensor =>
    tf.customGrad((...given) => {
      const save = given.pop() as tf.GradSaveFunc
      const { value, saved, gradients } = f(...(given as unknown as X))
      save([...saved])
      return { value, gradFunc: (dy, tensors) => [...gradients(dy, tensors as unknown as S)] }
    })(...inputs)
