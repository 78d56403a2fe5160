import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

export const globalNorm = extraTensorflowKernel({
  name: 'GlobalNorm',
  problem: 'squares and sums every tensor by operations of its own',
  needsOwnOperations: true,
  run: ({ inputs: { tensors }, backend }) =>
    execute(backend, { name: 'GpdGlobalNorm', inputs: tensors, ints: { n: tensors.length } }),
})

const problem = 'updates every parameter by some ten operations of its own'

export const momentumUpdate = extraTensorflowKernel({
  name: 'MomentumUpdate',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { settings, scale, decays, gradients, parameters, velocities }, backend }) => {
    const n = parameters.length
    return execute(backend, {
      name: 'GpdMomentumUpdate',
      inputs: [settings, scale, decays, ...gradients, ...parameters, ...velocities],
      outputs: 2 * n,
      ints: { n },
    })
  },
})

export const adamUpdate = extraTensorflowKernel({
  name: 'AdamUpdate',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { settings, scale, decays, gradients, parameters, firstMoments, secondMoments }, backend }) => {
    const n = parameters.length
    return execute(backend, {
      name: 'GpdAdamUpdate',
      inputs: [settings, scale, decays, ...gradients, ...parameters, ...firstMoments, ...secondMoments],
      outputs: 3 * n,
      ints: { n },
    })
  },
})
