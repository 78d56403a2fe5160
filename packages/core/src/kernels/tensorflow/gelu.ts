import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const repairs = 'GELU and its gradient compose from five and eleven passes'

export const gelu = tensorflowKernel<'x'>({
  name: 'Gelu',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { x }, backend }) =>
      execute(backend, { name: 'GpdGelu', inputs: [x] }),
})

export const geluGradient = tensorflowKernel<'dy' | 'x'>({
  name: 'GeluGradient',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { dy, x }, backend }) =>
      execute(backend, { name: 'GpdGeluGradient', inputs: [dy, x] }),
})
