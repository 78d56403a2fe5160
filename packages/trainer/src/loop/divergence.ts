import * as tf from '@tensorflow/tfjs'
import { runExtraKernel } from '@gpdjs/core'
import type { TrainingState } from '../training-state.ts'

const isFloat = ({ dtype }: tf.Tensor) => dtype === 'float32'

/** Tensors that a step has replaced. States of plugins are made of these, and averages of finite numbers are finite. */
const replaced = (next: TrainingState, state: TrainingState): tf.Tensor[] =>
  (['trainables', 'statistics'] as const).flatMap((kind) =>
    Object.entries(next[kind]).flatMap(([name, tensor]) =>
      tensor !== state[kind][name] && isFloat(tensor) ? [tensor] : [],
    ),
  )

/**
 * A number that is finite if everything that a step has replaced is: infinities and NaN go through every sum. Finite
 * losses and gradients are not enough, since a rate or a momentum may be too large.
 */
export function finiteness(next: TrainingState, state: TrainingState): tf.Scalar {
  return tf.tidy(() => {
    const tensors = replaced(next, state)
    if (tensors.length === 0) return tf.scalar(0)
    const norm = runExtraKernel('GlobalNorm', { tensors })
    if (norm !== undefined) return norm[0] as tf.Scalar
    return tf.addN(tensors.map((tensor) => tf.sum(tensor))) as tf.Scalar
  })
}
