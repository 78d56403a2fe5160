import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const repairs = 'updates every parameter by some ten operations of its own'

export const globalNorm = tensorflowKernel<string>({
  name: 'GlobalNorm',
  repairs: 'squares and sums every tensor by operations of its own',
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs, backend }) => {
      const tensors = Object.values(inputs)
      return execute(backend, { name: 'GpdGlobalNorm', inputs: tensors, ints: { n: tensors.length } })
    },
})

export const momentumUpdate = tensorflowKernel<string>({
  name: 'MomentumUpdate',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { settings, scale, decays, ...lists }, backend }) => {
      const tensors: tf.TensorInfo[] = Object.values(lists)
      const n = tensors.length / 3
      return execute(backend, {
        name: 'GpdMomentumUpdate',
        inputs: [settings!, scale!, decays!, ...tensors],
        outputs: 2 * n,
        ints: { n },
      })
    },
})
