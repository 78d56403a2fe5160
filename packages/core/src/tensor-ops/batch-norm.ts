import * as tf from '@tensorflow/tfjs'
import { channelSum } from './channel-sum.ts'
import { withoutTape } from './without-tape.ts'

export interface BatchNormResult {
  /** Same shape as `x`. */
  readonly y: tf.Tensor
  /** Mean of the batch, `[channels]`; a constant to every gradient. */
  readonly mean: tf.Tensor1D
  /** Biased variance of the batch, `[channels]`; a constant to every gradient. */
  readonly variance: tf.Tensor1D
}

const samples = (x: tf.Tensor) => x.size / x.shape.at(-1)!

/**
 * Batch normalization in training mode: `y = scale · (x − mean) / √(variance + ε) + shift`, with the mean and the biased
 * variance over all axes but the last.
 *
 * The gradient is the closed form, with `x̂ = (x − mean) / √(variance + ε)` and means over the same axes:
 * `dx = scale / √(variance + ε) · (dy − mean(dy) − x̂ · mean(dy · x̂))`, `dscale = Σ dy · x̂`, `dshift = Σ dy`:
 * two reductions and one combination, where differentiating the composed operations takes some twenty passes.
 *
 * @param x `[…, channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 * @param epsilon added to the variance, for example 1e-5
 * @see Ioffe and Szegedy, "Batch Normalization", 2015, section 3
 */
export function batchNorm(x: tf.Tensor, scale: tf.Tensor1D, shift: tf.Tensor1D, epsilon: number): BatchNormResult {
  const count = samples(x)
  // Mean and variance are computed outside the tape: the custom gradient below accounts for their dependence on x.
  const mean = withoutTape(() => tf.div<tf.Tensor1D>(channelSum(x), count))
  const centered = withoutTape(() => tf.sub(x, mean))
  const variance = withoutTape(() => tf.div<tf.Tensor1D>(channelSum(tf.square(centered)), count))
  const inverseDeviation = withoutTape(() => tf.rsqrt(tf.add<tf.Tensor1D>(variance, epsilon)))
  const y = tf.customGrad((_x, gamma, beta, save) => {
    const factor = tf.mul(gamma as tf.Tensor, inverseDeviation)
    ;(save as tf.GradSaveFunc)([centered, inverseDeviation, factor])
    return {
      value: tf.add(tf.mul(centered, factor), beta as tf.Tensor),
      gradFunc: (dy, saved) => {
        const [centered, inverseDeviation, factor] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D]
        const dShift = channelSum(dy)
        const dScale = tf.mul(channelSum(tf.mul(dy, centered)), inverseDeviation)
        const slope = tf.mul(tf.div(dScale, count), inverseDeviation)
        const dx = tf.mul(tf.sub(tf.sub(dy, tf.mul(centered, slope)), tf.div(dShift, count)), factor)
        return [dx, dScale, dShift]
      },
    }
  })(x, scale, shift)
  return { y, mean, variance }
}

/**
 * Batch normalization in evaluation mode: `y = x · a + b` with `a = scale / √(variance + ε)`, `b = shift − mean · a`.
 *
 * Differentiable in `x`, `scale` and `shift`; the moments are constants.
 *
 * @param x `[…, channels]`
 * @param mean `[channels]`
 * @param variance `[channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 */
export function normalize(
  x: tf.Tensor,
  mean: tf.Tensor1D,
  variance: tf.Tensor1D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  epsilon: number,
): tf.Tensor {
  const inverseDeviation = withoutTape(() => tf.rsqrt(tf.add<tf.Tensor1D>(variance, epsilon)))
  return tf.customGrad((input, gamma, beta, save) => {
    const factor = tf.mul(gamma as tf.Tensor, inverseDeviation)
    ;(save as tf.GradSaveFunc)([input as tf.Tensor, mean, inverseDeviation, factor])
    return {
      value: tf.add(tf.mul(input as tf.Tensor, factor), tf.sub(beta as tf.Tensor, tf.mul(mean, factor))),
      gradFunc: (dy, saved) => {
        const [x, mean, inverseDeviation, factor] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D]
        const dShift = channelSum(dy)
        // Σ dy · (x − mean) / √(variance + ε)
        const dScale = tf.mul(channelSum(tf.mul(dy, tf.sub(x, mean))), inverseDeviation)
        return [tf.mul(dy, factor), dScale, dShift]
      },
    }
  })(x, scale, shift)
}
