import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { customGradient } from './custom-gradient.ts'

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
  return customGradient((x: tf.Tensor) => ({
    value: runExtraKernel('Gelu', { x })?.[0] ?? tf.mul(x, cumulative(x)),
    saved: [x],
    gradients: (dy, [x]) =>
      runExtraKernel('GeluGradient', { dy, x }) ?? [tf.mul(dy, tf.add(cumulative(x), weightedDensity(x)))],
  }))(x) as T
}
