import * as tf from '@tensorflow/tfjs'
import { gradientRepair, type GradientRepair } from './gradient-repair.ts'

/** A comparison does not change with a small step of its inputs: its gradient is zero. */
const constant = (kernel: string): GradientRepair =>
  gradientRepair<object, [a: tf.Tensor, b: tf.Tensor]>({
    kernel,
    problem: 'is missing: no tf.where can be trained whose condition compares what is trained',
    inputsToSave: ['a', 'b'],
    create:
      () =>
      (_, [a, b]) => ({ a: () => tf.zeros(a.shape), b: () => tf.zeros(b.shape) }),
  })

export const comparisons: readonly GradientRepair[] = ['Equal', 'Greater', 'Less', 'LessEqual', 'NotEqual'].map(
  constant,
)
