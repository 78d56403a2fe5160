import * as tf from '@tensorflow/tfjs'
import { gradientRepair, type GradientRepair } from './gradient-repair.ts'

/** A truth value does not change with a small step of what it is made from: its gradient is zero. */
const constant = (kernels: readonly string[], inputs: readonly string[]): readonly GradientRepair[] =>
  kernels.map((kernel) =>
    gradientRepair<object, tf.Tensor[]>({
      kernel,
      problem: 'is missing: nothing can be trained whose condition is made from what is trained',
      inputsToSave: [...inputs],
      create: () => (_, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape)])),
    }),
  )

export const comparisons: readonly GradientRepair[] = [
  ...constant(['Equal', 'Greater', 'Less', 'LessEqual', 'NotEqual', 'LogicalAnd', 'LogicalOr'], ['a', 'b']),
  ...constant(['All', 'Any', 'LogicalNot'], ['x']),
]
