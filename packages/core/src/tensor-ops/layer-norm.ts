import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { channelSum } from './channel-sum.ts'
import { customGradient } from './custom-gradient.ts'

type Saved = readonly [x: tf.Tensor, scale: tf.Tensor, mean: tf.Tensor, inverse: tf.Tensor]

/** y, and mean and inverse deviation of each row, `[…]`. */
function compose(
  x: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  epsilon: number,
): [y: tf.Tensor, mean: tf.Tensor, inverse: tf.Tensor] {
  const mean = tf.mean(x, -1, true)
  const centered = tf.sub(x, mean)
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), -1, true), epsilon))
  const rows = x.shape.slice(0, -1)
  const y = tf.add(tf.mul(tf.mul(centered, inverse), scale), shift)
  return [y, tf.reshape(mean, rows), tf.reshape(inverse, rows)]
}

/** With `g = dy · scale`: `dx = u · (g − mean(g) − x̂ · mean(g · x̂))`, `dscale = Σ dy · x̂`, `dshift = Σ dy`. */
function composeGradient(
  dy: tf.Tensor,
  [x, scale, mean, inverse]: Saved,
): [dx: tf.Tensor, dScale: tf.Tensor, dShift: tf.Tensor] {
  const perRow = [...x.shape.slice(0, -1), 1]
  const u = tf.reshape(inverse, perRow)
  const normal = tf.mul(tf.sub(x, tf.reshape(mean, perRow)), u)
  const g = tf.mul(dy, scale)
  const slope = tf.mean(tf.mul(g, normal), -1, true)
  const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, -1, true)), tf.mul(normal, slope)), u)
  return [dx, channelSum(tf.mul(dy, normal)), channelSum(dy)]
}

/**
 * Layer normalization over the last axis: `y = scale · x̂ + shift` with `x̂ = (x − mean) / √(variance + ε)`, mean and biased
 * variance of each row. The gradient is the closed form.
 *
 * @param x `[…, channels]`, rank 2 or more
 * @param scale `[channels]`
 * @param shift `[channels]`
 * @param epsilon added to the variance, for example 1e-6
 * @example layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.zeros([2]), 1e-6) // [[-1, 1]]
 * @see Ba, Kiros and Hinton, "Layer Normalization", 2016
 */
export function layerNorm(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): tf.Tensor {
  return customGradient((x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) => {
    const [value, mean, inverse] =
      runExtraKernel('LayerNorm', { x, scale, shift }, { epsilon }) ?? compose(x, scale, shift, epsilon)
    return {
      value,
      saved: [x, scale, mean, inverse],
      gradients: (dy, saved) => {
        const [x, scale, mean, inverse] = saved
        return runExtraKernel('LayerNormGradient', { dy, x, scale, mean, inverse }) ?? composeGradient(dy, saved)
      },
    }
  })(x, scale, shift)
}
