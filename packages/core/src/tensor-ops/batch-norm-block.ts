import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { batchNorm } from './batch-norm.ts'
import { relu as reluOf } from './relu.ts'

/** A batch normalization in training mode, with the sum and the ReLU that may follow it. */
export interface BatchNormBlock {
  /** `[…, channels]` */
  readonly x: tf.Tensor
  /** `[channels]` */
  readonly scale: tf.Tensor
  /** `[channels]` */
  readonly shift: tf.Tensor
  /** Averages over the batches so far, `[channels]`. */
  readonly moving: { readonly mean: tf.Tensor; readonly variance: tf.Tensor }
  /** Added to the variance, for example 1e-5. */
  readonly epsilon: number
  /** Share of the moving averages that is kept (Keras' sense; PyTorch's momentum is one minus this). */
  readonly momentum: number
  /** Added to the result; shape of `x`. */
  readonly other?: tf.Tensor | undefined
  /** Whether a ReLU follows, after the sum. Default false. */
  readonly relu?: boolean
}

export interface BatchNormTrained {
  /** Same shape as `x`. */
  readonly y: tf.Tensor
  /** The moving averages after this batch; a constant to every gradient. */
  readonly moving: { readonly mean: tf.Tensor; readonly variance: tf.Tensor }
}

/** `moving ← momentum · moving + (1 − momentum) · batch`, with the unbiased batch variance as PyTorch has it. */
function move({ x, moving, momentum }: BatchNormBlock, mean: tf.Tensor, variance: tf.Tensor) {
  const samples = x.size / x.shape.at(-1)!
  const blend = (old: tf.Tensor, batch: tf.Tensor, factor: number) =>
    tf.add(tf.mul(old, momentum), tf.mul(batch, (1 - momentum) * factor))
  return {
    mean: blend(moving.mean, mean, 1),
    variance: blend(moving.variance, variance, samples / Math.max(1, samples - 1)),
  }
}

function compose(given: BatchNormBlock): BatchNormTrained {
  const { x, scale, shift, epsilon, other, relu } = given
  const { y, mean, variance } = batchNorm(x, scale, shift, epsilon)
  const sum = other === undefined ? y : tf.add(y, other)
  return { y: relu ? reluOf(sum) : sum, moving: move(given, mean, variance) }
}

/**
 * A training step of a batch normalization: `y = scale · x̂ + shift`, and the moving averages; a sum and a ReLU behind it
 * need no further pass over memory on backends that have a kernel for it.
 *
 * @example
 * const { y, moving } = batchNormBlock({ x, scale, shift, moving: { mean, variance }, epsilon: 1e-5, momentum: 0.9 })
 * @see Ioffe and Szegedy, "Batch Normalization", 2015
 */
export function batchNormBlock(given: BatchNormBlock): BatchNormTrained {
  const { x, scale, shift, moving, epsilon, momentum, other, relu = false } = given
  const inputs = { x, scale, shift, movingMean: moving.mean, movingVariance: moving.variance, other }
  const made = x.size > 0 && runExtraKernel('BatchNormBlock', inputs, { epsilon, momentum, relu })
  if (!made) return compose(given)
  const [y, mean, variance] = made
  return { y, moving: { mean, variance } }
}
