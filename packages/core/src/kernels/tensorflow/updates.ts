import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

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

/** `remembered`: how many things an optimizer keeps for every parameter. */
const update = (name: string, remembered: number) =>
  tensorflowKernel<string>({
    name,
    repairs: 'updates every parameter by some ten operations of its own',
    needsOwnOperations: true,
    create:
      () =>
      ({ inputs: { settings, scale, decays, ...lists }, backend }) => {
        const tensors: tf.TensorInfo[] = Object.values(lists)
        const n = tensors.length / (2 + remembered)
        return execute(backend, {
          name: `Gpd${name}`,
          inputs: [settings!, scale!, decays!, ...tensors],
          outputs: (1 + remembered) * n,
          ints: { n },
        })
      },
  })

export const momentumUpdate = update('MomentumUpdate', 1)
export const adamUpdate = update('AdamUpdate', 2)
