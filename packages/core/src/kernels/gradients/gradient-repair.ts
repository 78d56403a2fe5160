import * as tf from '@tensorflow/tfjs'

/** What the registry holds for a kernel. */
export type Gradient = NonNullable<ReturnType<typeof tf.getGradient>>
export type GradientFunction = Gradient['gradFunc']

/** What the gradient function gets in `saved`: the inputs of these names, then the outputs at these positions. */
type Saved = Pick<Gradient, 'inputsToSave' | 'saveAllInputs' | 'outputsToSave'>

/** A gradient of tfjs-core 4.22 that is missing or wrong on every backend, and what replaces it. */
export interface GradientRepair extends Saved {
  readonly kernel: string
  /** What is wrong without it, one line. */
  readonly problem: string
  /** @param stock what it replaces; absent if tfjs-core has no gradient of this kernel */
  create(stock: GradientFunction | undefined): GradientFunction
}

/** A repair that makes something of the gradient that is there. */
export const repairOf = (
  kernel: string,
  problem: string,
  create: (stock: GradientFunction) => GradientFunction,
): GradientRepair => ({ kernel, problem, create: (stock) => create(stock!) })

/** Sums a gradient over the axes along which its input was broadcast. */
export function sumToShape(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape)
  const sum = axes.length === 0 ? gradient : tf.sum(gradient, axes)
  return tf.reshape(sum, [...shape])
}
