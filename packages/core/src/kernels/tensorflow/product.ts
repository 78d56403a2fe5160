import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  readonly batch: number
  readonly rows: number
  readonly depth: number
  readonly columns: number
}

const sizes = ({ batch, rows, depth, columns }: Attributes) => ({ batch, rows, depth, columns })

const repairs = 'products of matrices take reshapes before and after, and a call for each gradient'

export const product = tensorflowKernel<'a' | 'b', Attributes & { readonly shape: readonly number[] }>({
  name: 'Product',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { a, b }, attrs, backend }) =>
      execute(backend, { name: 'GpdProduct', inputs: [a, b], ints: { ...sizes(attrs), shape: attrs.shape } }),
})

export const productGradient = tensorflowKernel<'dy' | 'a' | 'b', Attributes>({
  name: 'ProductGradient',
  repairs,
  needsOwnOperations: true,
  create:
    () =>
    ({ inputs: { dy, a, b }, attrs, backend }) =>
      execute(backend, { name: 'GpdProductGradient', inputs: [dy, a, b], outputs: 2, ints: sizes(attrs) }),
})
