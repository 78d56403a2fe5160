import * as tf from '@tensorflow/tfjs'
import { channelSum } from './channel-sum.ts'

/**
 * `x + bias`, one value per channel.
 *
 * @param x `[…, channels]`
 * @param bias `[channels]`
 */
export function biasAdd<T extends tf.Tensor>(x: T, bias: tf.Tensor1D): T {
  return tf.customGrad((input, shift) => ({
    value: tf.add(input as tf.Tensor, shift as tf.Tensor),
    gradFunc: (dy) => [dy, channelSum(dy)],
  }))(x, bias) as T
}
