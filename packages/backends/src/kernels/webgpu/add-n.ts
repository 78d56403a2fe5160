import type * as tf from '@tensorflow/tfjs'
import { webgpuKernel } from './kernel.ts'

/** WebGPU guarantees eight buffers, and tfjs-backend-webgpu requests no more; one of them is for the result. */
const MOST = 7

/** Sums in groups, then the sums, until one is left. */
export const addN = webgpuKernel<readonly tf.TensorInfo[]>({
  name: 'AddN',
  problem: 'binds a buffer for each of its inputs, and eight are too many',
  create: (stock) => {
    const sum: NonNullable<typeof stock> = (call) => {
      const { inputs, backend } = call
      if (inputs.length <= MOST) return stock!(call)
      const groups = Array.from({ length: Math.ceil(inputs.length / MOST) }, (_, i) =>
        stock!({ ...call, inputs: inputs.slice(i * MOST, (i + 1) * MOST) }),
      ) as tf.TensorInfo[]
      const result = sum({ ...call, inputs: groups })
      for (const { dataId } of groups) backend.disposeData(dataId)
      return result
    }
    return sum
  },
})
