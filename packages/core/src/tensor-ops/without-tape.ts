import * as tf from '@tensorflow/tfjs'

/**
 * Runs `f` without recording it: its result is a constant to every gradient, and nothing it computed on the way is kept.
 *
 * A custom gradient *without inputs* does this: the tape has no path through it to any variable.
 */
export function withoutTape<T extends tf.Tensor>(f: () => T): T {
  return tf.customGrad(() => ({ value: f(), gradFunc: () => [] }))() as T
}
