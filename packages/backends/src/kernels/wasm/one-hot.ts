import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'

interface Attributes {
  readonly depth: number
  readonly onValue?: number
  readonly offValue?: number
  readonly dtype?: tf.DataType
}

export const oneHot = wasmKernel<'indices', Attributes>({
  name: 'OneHot',
  defect: 'wrong',
  problem: 'writes integers into float32 tensors: ones come out as 1e-45',
  create:
    () =>
    ({ inputs: { indices }, attrs, backend }) => {
      const { depth, onValue = 1, offValue = 0, dtype = 'int32' } = attrs
      const out = backend.makeOutput([...indices.shape, depth], dtype)
      const values = backend.typedArrayFromHeap(out).fill(offValue)
      backend.typedArrayFromHeap(indices).forEach((index, row) => {
        if (index >= 0 && index < depth) values[row * depth + index] = onValue
      })
      return out
    },
})
