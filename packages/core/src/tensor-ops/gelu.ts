import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '../kernels/extra-kernels.ts'

/** The normal distribution function `Φ(x)`. */
const cumulative = (x: tf.Tensor): tf.Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)

/** `x · φ(x)` with the normal density `φ(x) = exp(−x² / 2) / √(2π)`. */
const weightedDensity = (x: tf.Tensor): tf.Tensor =>
  tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), tf.mul(x, 1 / Math.sqrt(2 * Math.PI)))

/**
 * `x · Φ(x)`, exact (not the tanh form). The gradient is the closed form `dy · (Φ(x) + x · φ(x))`.
 *
 * @param x any shape
 * @example gelu(tf.tensor([-1, 1])) // [-0.1587, 0.8413]
 * @see Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return tf.customGrad((given, save) => {
    const input = given as tf.Tensor
    ;(save as tf.GradSaveFunc)([input])
    return {
      value: runExtraKernel('Gelu', { x: input })?.[0] ?? tf.mul(input, cumulative(input)),
      gradFunc: (dy, [saved]) =>
        runExtraKernel('GeluGradient', { dy, x: saved! })?.[0] ??
        tf.mul(dy, tf.add(cumulative(saved!), weightedDensity(saved!))),
    }
  })(x) as T
}
