import * as tf from '@tensorflow/tfjs'
import { channelAxis } from '../network/axes.ts'
import { ones, zeros } from '../network/parameters.ts'
import { batchNorm as normalizeBatch, normalize } from '../tensor-ops/batch-norm.ts'
import { defineOp, type ApplyContext } from './op.ts'

export interface BatchNormAttributes {
  readonly epsilon: number
  /** Share of the moving statistics that is kept each step (Keras' sense; PyTorch's momentum is one minus this). */
  readonly momentum: number
}

/** `moving ← momentum · moving + (1 − momentum) · batch`, with the unbiased batch variance as PyTorch has it. */
function updateMoments(context: ApplyContext<BatchNormAttributes>, mean: tf.Tensor, variance: tf.Tensor): void {
  const x = context.inputs[0]!
  const samples = x.size / x.shape.at(-1)!
  const keep = context.attributes.momentum
  const move = (statistic: string, batch: tf.Tensor, factor: number) => {
    const moving = context.statistics[statistic]!
    context.update(statistic, tf.add(tf.mul(moving, keep), tf.mul(batch, (1 - keep) * factor)))
  }
  move('running_mean', mean, 1)
  move('running_var', variance, samples / Math.max(1, samples - 1))
}

/**
 * Batch normalization over all axes but the last.
 *
 * @see Ioffe and Szegedy, "Batch Normalization", 2015
 */
export const batchNorm = defineOp<BatchNormAttributes, Partial<BatchNormAttributes>>({
  name: 'batchNorm',
  defaults: { epsilon: 1e-5, momentum: 0.9 },
  infer({ inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const axes = [channelAxis(channels)]
    return {
      shape,
      channels,
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
  apply(context) {
    const { attributes, inputs, parameters, statistics } = context
    const x = inputs[0]!
    const [scale, shift] = [parameters['weight'] as tf.Tensor1D, parameters['bias'] as tf.Tensor1D]
    if (!context.training) {
      const [mean, variance] = [statistics['running_mean'] as tf.Tensor1D, statistics['running_var'] as tf.Tensor1D]
      return normalize(x, mean, variance, scale, shift, attributes.epsilon)
    }
    const { y, mean, variance } = normalizeBatch(x, scale, shift, attributes.epsilon)
    updateMoments(context, mean, variance)
    return y
  },
})
