import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const problem = 'layer normalization composes from ten passes, its gradient from more'

export const layerNorm = extraTensorflowKernel({
  name: 'LayerNorm',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { x, scale, shift }, attributes: { epsilon }, backend }) =>
    execute(backend, { name: 'GpdLayerNorm', inputs: [x, scale, shift], outputs: 3, floats: { epsilon } }),
})

export const layerNormGradient = extraTensorflowKernel({
  name: 'LayerNormGradient',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { dy, x, scale, mean, inverse }, backend }) =>
    execute(backend, { name: 'GpdLayerNormGradient', inputs: [dy, x, scale, mean, inverse], outputs: 3 }),
})
