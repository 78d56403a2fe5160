import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  fanInUniform,
  fixedAxis,
  GpdError,
  ones,
  zeros,
  type Initializer,
  type OpDefinition,
  type ParameterSpec,
  type RandomStream,
  type TensorRecord,
} from '@gpdjs/core'

/** A parameter that a loss trains beside the student; no expansion touches it. */
export const headSpec = (
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  decay = true,
): ParameterSpec => ({ name, node: name, shape, axes: shape.map(fixedAxis), initializer, decay })

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

/** No op that is used without a stream draws from one. */
const noRandom = (): never => {
  throw new GpdError('plugin.invalid', 'This op draws no random numbers.')
}

/** An op of `@gpdjs/core` by itself, as in training: heads never run in evaluation. */
export function applyOp<A>(
  { apply }: Pick<OpDefinition<A>, 'apply'>,
  attributes: A,
  x: tf.Tensor,
  parameters: TensorRecord = {},
  random: () => RandomStream = noRandom,
): tf.Tensor {
  // Moving averages, of which nobody asks: any numbers will do.
  const statistics = { running_mean: tf.scalar(0), running_var: tf.scalar(0) }
  return apply({ attributes, inputs: [x], parameters, statistics, training: true, random, update: () => undefined })
}

/** Batch normalization by the moments of the batch. */
export const normalizeBatch = <R extends tf.Rank>(x: tf.Tensor<R>, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor<R> =>
  applyOp(batchNorm, { epsilon: 1e-5, momentum: 0.9 }, x, { weight, bias }) as tf.Tensor<R>

/** Kernel and bias of a linear map. */
export const linearSpecs = (name: string, from: number, to: number): ParameterSpec[] => [
  headSpec(`${name}.weight`, [from, to], fanInUniform(from)),
  headSpec(`${name}.bias`, [to], zeros, false),
]

/** Tensors of a loss by short names: `head('weight')` for `exit0.weight`. */
export type HeadOf = (name: string) => tf.Tensor

/** `x W + b` along the last axis. */
export const linear = <R extends tf.Rank>(x: tf.Tensor<R>, name: string, head: HeadOf): tf.Tensor<R> =>
  tf.add(pointwise(x, head(`${name}.weight`)), head(`${name}.bias`))
