import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '../kernels/extra-kernels.ts'

/**
 * Sum over all axes but the last.
 *
 * @param x `[…, channels]`
 * @returns `[channels]`
 * @example channelSum(tf.ones([2, 3, 5])) // [6, 6, 6, 6, 6]
 */
export function channelSum(x: tf.Tensor): tf.Tensor1D {
  return tf.customGrad((input, save) => {
    const value = input as tf.Tensor
    ;(save as tf.GradSaveFunc)([value])
    const [sum] = runExtraKernel('ChannelSum', { x: value }) ?? [
      tf.sum(tf.reshape(value, [-1, value.shape.at(-1)!]), 0),
    ]
    return { value: sum!, gradFunc: (dy, [x]) => tf.broadcastTo(dy, x!.shape as [number]) }
  })(x) as tf.Tensor1D
}
