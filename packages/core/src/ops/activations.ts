import * as tf from '@tensorflow/tfjs'
import { relu as reluOf } from '../tensor-ops/relu.ts'
import { defineOp, type Op } from './op.ts'

type NoAttributes = Record<never, never>

/** An op that treats every number alike: shape and channel groups pass through. */
const elementwise = (name: string, f: (x: tf.Tensor) => tf.Tensor): Op<NoAttributes> =>
  defineOp<NoAttributes>({
    name,
    infer: ({ inputs }) => ({ shape: inputs[0]!.shape, channels: inputs[0]!.channels }),
    apply: ({ inputs }) => f(inputs[0]!),
  })

/** `max(x, 0)` */
export const relu = elementwise('relu', reluOf)

/** `x · Φ(x)` with the normal distribution function, exact (not the tanh form). Hendrycks and Gimpel, 2016. */
export const gelu = elementwise('gelu', (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)))

/** `x · clip(x + 3, 0, 6) / 6`. Howard et al., "Searching for MobileNetV3", 2019. */
export const hardSwish = elementwise('hardSwish', (x) => tf.mul(x, tf.div(tf.clipByValue(tf.add(x, 3), 0, 6), 6)))
