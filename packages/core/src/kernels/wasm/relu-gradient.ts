import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { sizeOf } from './wasm-backend.ts'

/** Floats that one row of the vector function takes; any tensor is seen as rows of these, and a rest. */
const ROW = 16

export const reluGradient = wasmKernel({
  name: 'ReluGradient',
  defect: 'slow',
  repairs: 'the gradient composes from Step and Multiply: two passes',
  create:
    () =>
    ({ inputs, backend }) => {
      const { dy, y } = inputs as { dy: tf.TensorInfo; y: tf.TensorInfo }
      const dx = backend.makeOutput([...dy.shape], 'float32')
      const size = sizeOf(dy.shape)
      const rest = size % ROW
      const { reluGradient: run } = simd(backend)
      const pass = (first: number, rows: number, width: number) => {
        const [from, mask, to] = [dy, y, dx].map(({ dataId }) => backend.getMemoryOffset(dataId) + 4 * first) as [
          number,
          number,
          number,
        ]
        run(from, mask, 4 * width, 4 * width, to, 4 * width, rows, width)
      }
      pass(0, (size - rest) / ROW, ROW)
      if (rest > 0) pass(size - rest, 1, rest)
      return dx
    },
})
