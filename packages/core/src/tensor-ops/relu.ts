import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '../kernels/extra-kernels.ts'

/**
 * `max(x, 0)`, with the gradient `dy` where `y > 0` and 0 elsewhere (0 at `x = 0`, as PyTorch has it).
 *
 * @param x any shape
 * @example relu(tf.tensor([-1, 2])) // [0, 2]
 */
export function relu<T extends tf.Tensor>(x: T): T {
  return tf.customGrad((input, save) => {
    const y = tf.relu(input as tf.Tensor)
    ;(save as tf.GradSaveFunc)([y])
    return {
      value: y,
      gradFunc: (dy, [y]) => runExtraKernel('ReluGradient', { dy, y: y! })?.[0] ?? tf.mul(dy, tf.step(y!)),
    }
  })(x) as T
}
