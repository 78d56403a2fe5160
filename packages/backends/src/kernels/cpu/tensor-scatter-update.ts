import { cpuKernel, valuesOf } from './cpu-backend.ts'

export const tensorScatterUpdate = cpuKernel<'tensor' | 'indices' | 'updates'>({
  name: 'TensorScatterUpdate',
  problem: 'writes the updates into its input',
  create:
    (stock) =>
    ({ inputs, attrs, backend }) => {
      const { tensor } = inputs
      const copy = backend.makeTensorInfo(tensor.shape, tensor.dtype, valuesOf(backend, tensor).slice())
      const result = stock!({ inputs: { ...inputs, tensor: copy }, attrs, backend })
      backend.disposeData(copy.dataId)
      return result
    },
})
