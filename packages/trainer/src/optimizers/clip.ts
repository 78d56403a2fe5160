import * as tf from '@tensorflow/tfjs'
import { checkArgument, kinds } from '@gpdjs/core'
import { rescale, type Gradients } from './gradients.ts'
import type { GradientTransform } from './optimizer.ts'

/** Infinity means never. */
export const limits = kinds.number('a number above 0', (value) => value > 0)

/**
 * Scales gradients down to a norm over all of them together: multiplies by `min(1, limit / (norm + 1e-6))`, as PyTorch's
 * `clip_grad_norm_`. In a group of `partition` it is the norm over the tensors of that group.
 *
 * @param limit > 0; `Infinity` for never
 * @throws GpdError `config.invalid`
 * @example chain(clip(5), sgd({ learningRate: 0.1 })) // the same as sgd({ learningRate: 0.1, clipGlobalNorm: 5 })
 * @see Pascanu et al., "On the difficulty of training recurrent neural networks", ICML 2013
 */
export function clip(limit: number): GradientTransform {
  checkArgument('clip', 'limit', limits, limit)
  return {
    name: `clip(${limit})`,
    transform: (gradients) => (limit === Infinity ? gradients : rescale(gradients, factorOf(gradients, limit))),
  }
}

function factorOf(gradients: Gradients, limit: number): tf.Scalar {
  const norm = gradients.scale === undefined ? gradients.norm() : tf.mul(gradients.norm(), gradients.scale)
  return tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6))) as tf.Scalar
}
