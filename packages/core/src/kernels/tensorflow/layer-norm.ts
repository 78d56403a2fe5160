import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const repairs = 'layer normalization composes from ten passes, its gradient from more'

export const layerNorm = tensorflowKernel<'x' | 'scale' | 'shift', { readonly epsilon: number }>({
  name: 'LayerNorm',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { x, scale, shift }, attrs: { epsilon }, backend }) =>
      execute(backend, { name: 'GpdLayerNorm', inputs: [x, scale, shift], outputs: 3, floats: { epsilon } }),
})

export const layerNormGradient = tensorflowKernel<'dy' | 'x' | 'scale' | 'mean' | 'inverse'>({
  name: 'LayerNormGradient',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { dy, x, scale, mean, inverse }, backend }) =>
      execute(backend, { name: 'GpdLayerNormGradient', inputs: [dy, x, scale, mean, inverse], outputs: 3 }),
})
