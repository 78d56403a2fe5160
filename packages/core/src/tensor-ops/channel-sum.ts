import * as tf from '@tensorflow/tfjs'

/**
 * Sum over all axes but the last.
 *
 * @param x `[…, channels]`
 * @returns `[channels]`
 * @example channelSum(tf.ones([2, 3, 5])) // [6, 6, 6, 6, 6]
 */
export const channelSum = (x: tf.Tensor): tf.Tensor1D => tf.sum(tf.reshape(x, [-1, x.shape.at(-1)!]), 0)
