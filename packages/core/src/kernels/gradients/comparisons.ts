import * as tf from '@tensorflow/tfjs'
import type { GradientRepair } from './gradient-repair.ts'

/** What is true or false does not change with a small step. */
const constant = (kernel: string): GradientRepair => ({
  kernel,
  problem: 'is missing: no tf.where can be trained whose condition compares what is trained',
  inputsToSave: ['a', 'b'],
  create: () => (_dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    return { a: () => tf.zeros(a.shape), b: () => tf.zeros(b.shape) }
  },
})

export const comparisons: readonly GradientRepair[] = ['Equal', 'Greater', 'Less', 'LessEqual', 'NotEqual'].map(
  constant,
)
