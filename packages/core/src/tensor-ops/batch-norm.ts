import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { channelSum } from './channel-sum.ts'
import { customGradient } from './custom-gradient.ts'
import { withoutTape } from './without-tape.ts'

export interface BatchNormResult {
  /** Same shape as `x`. */
  readonly y: tf.Tensor
  /** Mean of the batch, `[channels]`; a constant to every gradient. */
  readonly mean: tf.Tensor1D
  /** Biased variance of the batch, `[channels]`; a constant to every gradient. */
  readonly variance: tf.Tensor1D
}

const rowsOf = (x: tf.Tensor) => x.size / x.shape.at(-1)!

/** Mean and biased variance over all axes but the last. */
function moments(x: tf.Tensor): [mean: tf.Tensor, variance: tf.Tensor] {
  const known = runExtraKernel('ChannelMoments', { x })
  if (known !== undefined) return known
  const rows = rowsOf(x)
  const mean = tf.div(channelSum(x), rows)
  // Two passes: E[x²] − E[x]² would lose all digits when the mean is large.
  return [mean, tf.div(channelSum(tf.square(tf.sub(x, mean))), rows)]
}

/** `x · a + b`, one value per channel. */
const affine = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  runExtraKernel('ChannelAffine', { x, a, b })?.[0] ?? tf.add(tf.mul(x, a), b)

/** `scale · (x − mean) · inverseDeviation + shift`, folded into one factor and one summand per channel. */
function normalized(
  x: tf.Tensor,
  mean: tf.Tensor,
  inverseDeviation: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
): tf.Tensor {
  const factor = tf.mul(scale, inverseDeviation)
  return affine(x, factor, tf.sub(shift, tf.mul(mean, factor)))
}

type Saved = readonly [x: tf.Tensor, mean: tf.Tensor, inverseDeviation: tf.Tensor, scale: tf.Tensor]
type Gradients = [dx: tf.Tensor, dScale: tf.Tensor, dShift: tf.Tensor]

/** `dx = scale · u · (dy − mean(dy) − x̂ · mean(dy · x̂))`, `dscale = Σ dy · x̂`, `dshift = Σ dy`, with `u = 1 / √(variance + ε)`. */
function batchNormGradient(dy: tf.Tensor, [x, mean, inverseDeviation, scale]: Saved): Gradients {
  const known = runExtraKernel('BatchNormGradient', { dy, x, mean, inverseDeviation, scale })
  if (known !== undefined) return known
  const rows = rowsOf(x)
  const centered = tf.sub(x, mean)
  const dShift = channelSum(dy)
  const dScale = tf.mul(channelSum(tf.mul(dy, centered)), inverseDeviation)
  const slope = tf.div(tf.mul(dScale, inverseDeviation), rows)
  const toCenter = tf.sub(tf.sub(dy, tf.div(dShift, rows)), tf.mul(centered, slope))
  return [tf.mul(toCenter, tf.mul(scale, inverseDeviation)), dScale, dShift]
}

/**
 * Batch normalization in training mode: `y = scale · x̂ + shift` with `x̂ = (x − mean) / √(variance + ε)`, mean and biased
 * variance over all axes but the last.
 *
 * The gradient is the closed form, two reductions and one combination, where differentiating the composed operations
 * takes some twenty passes over the feature map.
 *
 * @param x `[…, channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 * @param epsilon added to the variance, for example 1e-5
 * @example const { y, mean, variance } = batchNorm(x, scale, shift, 1e-5)
 * @see Ioffe and Szegedy, "Batch Normalization", 2015, section 3
 */
export function batchNorm(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, epsilon: number): BatchNormResult {
  const fused = tf.tidy(() => runExtraKernel('BatchNormTraining', { x, scale, shift }, { epsilon })?.slice(0, 3))
  if (fused !== undefined) {
    const [y, mean, variance] = fused as [tf.Tensor, tf.Tensor1D, tf.Tensor1D]
    return { y, mean, variance }
  }
  // Outside the tape: the custom gradient includes how the moments depend on x; for other gradients they are constants.
  const both = withoutTape(() => tf.stack(moments(x)))
  const [mean, variance] = [0, 1].map((row) =>
    withoutTape(() => tf.reshape(tf.slice(both, [row, 0], [1, -1]), [-1])),
  ) as [tf.Tensor1D, tf.Tensor1D]
  const y = customGradient((x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) => {
    const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon))
    return {
      value: normalized(x, mean, inverseDeviation, scale, shift),
      saved: [x, mean, inverseDeviation, scale],
      gradients: batchNormGradient,
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
 * @example const y = normalize(x, movingMean, movingVariance, scale, shift, 1e-5)
 */
export function normalize(
  x: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  scale: tf.Tensor,
  shift: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  return customGradient((x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) => {
    const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon))
    return {
      value: normalized(x, mean, inverseDeviation, scale, shift),
      saved: [x, mean, inverseDeviation, scale],
      gradients: (dy, [x, mean, inverseDeviation, scale]) => {
        const dScale = tf.mul(channelSum(tf.mul(dy, tf.sub(x, mean))), inverseDeviation)
        return [tf.mul(dy, tf.mul(scale, inverseDeviation)), dScale, channelSum(dy)]
      },
    }
  })(x, scale, shift)
}
