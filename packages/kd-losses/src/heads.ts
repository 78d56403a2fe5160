import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  fixedAxis,
  GpdError,
  ones,
  zeros,
  type Initializer,
  type ParameterSpec,
  type TensorRecord,
} from '@gpdjs/core'

/** A parameter that a loss trains beside the student; no expansion touches it. */
export const headSpec = (
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  decay = true,
): ParameterSpec => ({ name, shape, axes: shape.map(fixedAxis), initializer, decay })

/** Scale and shift of a batch normalization. */
export const normSpecs = (name: string, channels: number): ParameterSpec[] => [
  headSpec(`${name}.weight`, [channels], ones, false),
  headSpec(`${name}.bias`, [channels], zeros, false),
]

/** @throws GpdError `plugin.invalid` if the caller did not make the tensors that `prepare` asked for */
export function headOf(where: string, heads: TensorRecord | undefined, name: string): tf.Tensor {
  const head = heads?.[name]
  if (head !== undefined) return head
  const problem = `${where}: expected the trained tensor '${name}' in context.heads, got ${Object.keys(heads ?? {}).join(', ') || 'none'}.`
  throw new GpdError(
    'plugin.invalid',
    problem,
    'Make what prepare() asks for (initializeParameters), or use the trainer.',
  )
}

/**
 * A linear map of the last axis: a 1 × 1 convolution of a map, a dense layer of a vector. No bias.
 *
 * @param x `[…, from]`
 * @param kernel `[1, 1, from, to]` or `[from, to]`
 */
export function pointwise<R extends tf.Rank>(x: tf.Tensor<R>, kernel: tf.Tensor): tf.Tensor<R> {
  const [from, to] = kernel.shape.slice(-2) as [number, number]
  const product = tf.matMul(tf.reshape(x, [-1, from]), tf.reshape(kernel, [from, to]))
  return tf.reshape(product, [...x.shape.slice(0, -1), to] as tf.ShapeMap[R])
}

/** Batch normalization by the moments of the batch: heads never run in evaluation, so nothing needs moving averages. */
export function normalizeBatch<R extends tf.Rank>(x: tf.Tensor<R>, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor<R> {
  const unused = { running_mean: tf.zerosLike(weight), running_var: tf.zerosLike(weight) }
  return batchNorm.apply({
    attributes: { epsilon: 1e-5, momentum: 0.9 },
    inputs: [x],
    parameters: { weight, bias },
    statistics: unused,
    training: true,
    random: () => {
      throw new GpdError('plugin.invalid', 'Batch normalization draws no random numbers.')
    },
    update: () => undefined,
  }) as tf.Tensor<R>
}
