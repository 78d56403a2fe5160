import * as tf from '@tensorflow/tfjs'
import { gelu as geluOf } from '../tensor-ops/gelu.ts'
import { relu as reluOf } from '../tensor-ops/relu.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp, type NoAttributes, type Op } from './op.ts'

/** An op that treats every number alike: shape and channel groups pass through. */
const elementwise = (name: string, f: (x: tf.Tensor) => tf.Tensor): Op<NoAttributes> =>
  defineOp({
    name,
    infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
    apply: ({ inputs }) => f(inputs[0]!),
  })

/** `max(x, 0)` */
export const relu = elementwise('relu', reluOf)

/** `x · Φ(x)` with the normal distribution function, exact (not the tanh form). Hendrycks and Gimpel, 2016. */
export const gelu = elementwise('gelu', geluOf)

/** `x · clip(x + 3, 0, 6) / 6`. Howard et al., "Searching for MobileNetV3", 2019. */
export const hardSwish = elementwise('hardSwish', (x) => tf.mul(x, tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)))

/** `1 / (1 + exp(-x))` */
export const sigmoid = elementwise('sigmoid', (x) => tf.sigmoid(x))

/** `clip(x / 5 + 1 / 2, 0, 1)`, as Keras 2 and TensorFlow.js have it. */
export const hardSigmoid = elementwise('hardSigmoid', (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1))

export const tanh = elementwise('tanh', (x) => tf.tanh(x))

/** `x · sigmoid(x)`, also called SiLU. Ramachandran et al., "Searching for Activation Functions", 2017. */
export const swish = elementwise('swish', (x) => tf.mul(x, tf.sigmoid(x)))

/** `log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))`: the latter overflows nowhere. */
const softplusOf = (x: tf.Tensor): tf.Tensor => tf.add(reluOf(x), tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1)))

/** `log(1 + exp(x))` */
export const softplus = elementwise('softplus', softplusOf)

/** `x / (1 + |x|)` */
export const softsign = elementwise('softsign', (x) => tf.div(x, tf.add(tf.abs(x), 1)))

/** `x · tanh(softplus(x))`. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2020. */
export const mish = elementwise('mish', (x) => tf.mul(x, tf.tanh(softplusOf(x))))

/** `x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 x³)))`: close to `gelu`, and what BERT and Keras' `gelu_new` have. */
export const geluTanh = elementwise('geluTanh', (x) => {
  const cubic = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1))
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1))
})

/** `x` where it is positive, else `alpha · (exp(x) - 1)`. */
const eluOf = (x: tf.Tensor, alpha: number): tf.Tensor =>
  tf.add(reluOf(x), tf.mul(tf.sub(tf.exp(tf.minimum(x, 0)), 1), alpha))

/** Constants for which means and variances stay 0 and 1. */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 }

/** `scale · elu(x, alpha)`. Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
export const selu = elementwise('selu', (x) => tf.mul(eluOf(x, SELU.alpha), SELU.scale))

const slope = (alpha: number) => ({
  /** What negative numbers are multiplied by, or approach. */
  alpha: option(kinds.finite, alpha),
})

const withSlope = (name: string, alpha: number, f: (x: tf.Tensor, alpha: number) => tf.Tensor) =>
  defineOp({
    name,
    attributes: slope(alpha),
    infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
    apply: ({ attributes, inputs }) => f(inputs[0]!, attributes.alpha),
  })

/** `x` where it is positive, else `alpha · (exp(x) - 1)`; alpha 1 by default. Clevert et al., 2016. */
export const elu = withSlope('elu', 1, eluOf)

/** `x` where it is positive, else `alpha · x`; alpha 0.01 by default, as in PyTorch (Keras: 0.3). */
export const leakyRelu = withSlope('leakyRelu', 0.01, (x, alpha) => tf.add(reluOf(x), tf.mul(tf.minimum(x, 0), alpha)))
