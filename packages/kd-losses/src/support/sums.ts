import * as tf from '@tensorflow/tfjs'

/** Losses added up: all scalars, or all of the same rows. */
export const sumOf = <T extends tf.Tensor>(terms: readonly T[]): T =>
  terms.length === 1 ? terms[0]! : (tf.addN([...terms]) as T)

/** The mean of what a function gives for each row, as a function of the same arguments. */
export const meanOf =
  <Arguments extends unknown[]>(rows: (...given: Arguments) => tf.Tensor1D) =>
  (...given: Arguments): tf.Scalar =>
    tf.tidy(() => tf.mean(rows(...given)))
