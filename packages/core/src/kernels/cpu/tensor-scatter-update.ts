import { cpuKernel, valuesOf } from './cpu-backend.ts'

export const tensorScatterUpdate = cpuKernel(
  'TensorScatterUpdate',
  'writes the updates into its input',
  (stock) =>
    ({ inputs, attrs, backend }) => {
      const tensor = inputs['tensor']!
      const copy = backend.makeTensorInfo(tensor.shape, tensor.dtype, valuesOf(backend, tensor).slice())
      const result = stock({ inputs: { ...inputs, tensor: copy }, attrs, backend })
      backend.disposeData(copy.dataId)
      return result
    },
)
