import { extraTensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

const problem = 'products of matrices take reshapes before and after, and a call for each gradient'

export const product = extraTensorflowKernel({
  name: 'Product',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { a, b }, attributes: { batch, rows, depth, columns, shape }, backend }) =>
    execute(backend, { name: 'GpdProduct', inputs: [a, b], ints: { batch, rows, depth, columns, shape } }),
})

export const productGradient = extraTensorflowKernel({
  name: 'ProductGradient',
  problem,
  needsOwnOperations: true,
  run: ({ inputs: { dy, a, b }, attributes: { batch, rows, depth, columns }, backend }) =>
    execute(backend, {
      name: 'GpdProductGradient',
      inputs: [dy, a, b],
      outputs: 2,
      ints: { batch, rows, depth, columns },
    }),
})
