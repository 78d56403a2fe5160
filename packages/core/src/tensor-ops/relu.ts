import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from './extra-kernels.ts'
import { customGradient } from './custom-gradient.ts'

/**
 * `max(x, 0)`, with the gradient `dy` where `y > 0` and 0 elsewhere (0 at `x = 0`, as PyTorch has it).
 *
 * @param x any shape
 * @example relu(tf.tensor([-1, 2])) // [0, 2]
 */
export function relu<T extends tf.Tensor>(x: T): T {
  return customGradient((x: tf.Tensor) => {
    const y = tf.relu(x)
    return {
      value: y,
      saved: [y],
      gradients: (dy, [y]) => runExtraKernel('ReluGradient', { dy, y }) ?? [tf.mul(dy, tf.step(y))],
    }
  })(x) as T
}
