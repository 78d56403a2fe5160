import * as tf from '@tensorflow/tfjs'

/** What the registry holds for a kernel. */
export type Gradient = NonNullable<ReturnType<typeof tf.getGradient>>
export type GradientFunction = Gradient['gradFunc']

/** A gradient of tfjs-core 4.22 that is wrong on every backend, and what replaces it. */
export interface GradientRepair {
  readonly kernel: string
  /** What is wrong without it, one line. */
  readonly repairs: string
  create(stock: GradientFunction): GradientFunction
}

/** Sums a gradient over the axes along which its input was broadcast. */
export function sumToShape(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape)
  const sum = axes.length === 0 ? gradient : tf.sum(gradient, axes)
  return tf.reshape(sum, [...shape])
}
