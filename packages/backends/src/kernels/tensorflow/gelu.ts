import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const problem = 'GELU and its gradient compose from five and eleven passes'

export const gelu = extraTensorflowKernel({
  name: 'Gelu',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { x }, backend }) => execute(backend, { name: 'GpdGelu', inputs: [x] }),
})

export const geluGradient = extraTensorflowKernel({
  name: 'GeluGradient',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { dy, x }, backend }) => execute(backend, { name: 'GpdGeluGradient', inputs: [dy, x] }),
})
