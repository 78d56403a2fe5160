import * as tf from '@tensorflow/tfjs'
import { channelAxis } from '../axes/axes.ts'
import { ones, zeros } from '../axes/parameters.ts'
import { batchNormBlock } from '../tensor-ops/batch-norm-block.ts'
import { normalize } from '../tensor-ops/batch-norm.ts'
import * as kinds from '../options/kinds.ts'
import { option, type Filled } from '../options/option.ts'
import { sizeOf } from '../shape.ts'
import { relu as reluOf } from '../tensor-ops/relu.ts'
import { defineOp, type ApplyContext, type Fusion } from './op.ts'

const ATTRIBUTES = {
  /** Added to the variance (default 1e-5). */
  epsilon: option(kinds.nonNegative, 1e-5),
  /** Share of the moving statistics that is kept each step (Keras' sense; PyTorch's is one minus this; default 0.9). */
  momentum: option(kinds.fraction, 0.9),
}

export type BatchNormAttributes = Filled<typeof ATTRIBUTES>

/** What may follow in the same pass over memory. */
interface Following {
  readonly other?: tf.Tensor | undefined
  readonly relu: boolean
}

function applyBatchNorm(context: ApplyContext<BatchNormAttributes>, { other, relu }: Following): tf.Tensor {
  const { attributes, inputs, parameters, statistics } = context
  const x = inputs[0]!
  const [scale, shift] = [parameters['weight'] as tf.Tensor1D, parameters['bias'] as tf.Tensor1D]
  const [mean, variance] = [statistics['running_mean'] as tf.Tensor1D, statistics['running_var'] as tf.Tensor1D]
  if (!context.training) {
    const normal = normalize(x, mean, variance, scale, shift, attributes.epsilon)
    const sum = other === undefined ? normal : tf.add(normal, other)
    return relu ? reluOf(sum) : sum
  }
  const { y, moving } = batchNormBlock({ x, scale, shift, moving: { mean, variance }, ...attributes, other, relu })
  context.update('running_mean', moving.mean)
  context.update('running_var', moving.variance)
  return y
}

/**
 * Batch normalization over all axes but the last.
 *
 * @see Ioffe and Szegedy, "Batch Normalization", 2015
 */
export const batchNorm = defineOp({
  name: 'batchNorm',
  attributes: ATTRIBUTES,
  infer({ inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const axes = [channelAxis(channels)]
    return {
      shape,
      channels,
      momentsOver: sizeOf(shape.slice(0, -1)),
      parameters: [
        { name: 'weight', axes, initializer: ones, decay: false },
        { name: 'bias', axes, initializer: zeros, decay: false },
      ],
      statistics: [
        { name: 'running_mean', axes, initial: 0 },
        { name: 'running_var', axes, initial: 1 },
      ],
    }
  },
  apply: (context) => applyBatchNorm(context, { relu: false }),
})

const fusion = (then: readonly string[]): Fusion => ({
  ops: [batchNorm.name, ...then],
  apply: (context, others) =>
    applyBatchNorm(context as unknown as ApplyContext<BatchNormAttributes>, {
      other: others[0],
      relu: then.includes('relu'),
    }),
})

/** Residual blocks end in the first, and have the last inside. */
export const batchNormFusions = [['add', 'relu'], ['add'], ['relu']].map(fusion)
