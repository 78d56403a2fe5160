import * as tf from '@tensorflow/tfjs'

/** What the registry holds for a kernel. */
export type Gradient = NonNullable<ReturnType<typeof tf.getGradient>>

/**
 * @param dy a list for a kernel with several outputs
 * @param saved the inputs named in `inputsToSave`, then the outputs marked in `outputsToSave`
 * @returns for the name of each input a function that makes its gradient
 */
export type GradientFunction<Attributes = tf.NamedAttrMap, Saved = tf.Tensor[], Dy = tf.Tensor> = (
  dy: Dy,
  saved: Saved,
  attrs: Attributes,
) => ReturnType<Gradient['gradFunc']>

/** A gradient of tfjs-core 4.22 that is missing or wrong on every backend, and what replaces it. */
export interface GradientRepair extends Pick<Gradient, 'inputsToSave' | 'saveAllInputs' | 'outputsToSave'> {
  readonly kernel: string
  /** What is wrong without it, one line. */
  readonly problem: string
  /** @param stock the gradient of tfjs-core; absent if it has none of this kernel */
  create(stock: Gradient['gradFunc'] | undefined): Gradient['gradFunc']
}

/** Types the attributes and the saved tensors of a gradient, which have no types in TensorFlow.js. */
export const gradientRepair = <Attributes, Saved extends readonly tf.Tensor[] = [], Dy = tf.Tensor>(
  repair: Omit<GradientRepair, 'create'> & {
    create(stock: GradientFunction<Attributes, Saved, Dy> | undefined): GradientFunction<Attributes, Saved, Dy>
  },
): GradientRepair => repair as unknown as GradientRepair

/** A repair that uses the stock gradient. */
export const repairOf = <Attributes, Saved extends readonly tf.Tensor[]>(
  kernel: string,
  problem: string,
  create: (stock: GradientFunction<Attributes, Saved>) => GradientFunction<Attributes, Saved>,
): GradientRepair => gradientRepair<Attributes, Saved>({ kernel, problem, create: (stock) => create(stock!) })

/** Sums a gradient over the axes along which its input was broadcast. */
export function sumToShape(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape)
  const sum = axes.length === 0 ? gradient : tf.sum(gradient, axes)
  return tf.reshape(sum, [...shape])
}
