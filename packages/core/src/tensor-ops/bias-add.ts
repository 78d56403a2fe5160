import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { channelSum } from './channel-sum.ts'
import { customGradient } from './custom-gradient.ts'

/**
 * `x + bias`, one value per channel. The gradient of the bias is the sum of `dy` over all axes but the last.
 *
 * @param x `[…, channels]`
 * @param bias `[channels]`
 * @example biasAdd(tf.zeros([2, 3]), tf.tensor1d([1, 2, 3])) // [[1, 2, 3], [1, 2, 3]]
 */
export function biasAdd<T extends tf.Tensor>(x: T, bias: tf.Tensor): T {
  return customGradient((x: tf.Tensor, b: tf.Tensor) => {
    const [value] = runExtraKernel('ChannelAdd', { x, b }) ?? [tf.add(x, b)]
    return { value, saved: [], gradients: (dy) => [dy, channelSum(dy)] }
  })(x, bias) as T
}
