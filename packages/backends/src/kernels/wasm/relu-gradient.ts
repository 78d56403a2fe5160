import { sizeOf } from '@gpdjs/core'
import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf } from './wasm-backend.ts'

/** Floats of one row of the vector function: a tensor is computed as rows of so many, and one shorter row. */
const ROW = 16

export const reluGradient = extraWasmKernel(
  'ReluGradient',
  'the gradient composes from Step and Multiply: two passes',
  ({ inputs: { dy, y }, backend }) => {
    const dx = backend.makeOutput([...dy.shape], 'float32')
    const size = sizeOf(dy.shape)
    const rest = size % ROW
    const { reluGradient: run } = simd(backend)
    const [from, mask, to] = addressesOf(backend, dy, y, dx)
    const pass = (first: number, rows: number, width: number) => {
      const [offset, bytes] = [4 * first, 4 * width]
      run(from + offset, mask + offset, bytes, bytes, to + offset, bytes, rows, width)
    }
    pass(0, (size - rest) / ROW, ROW)
    if (rest > 0) pass(size - rest, 1, rest)
    return [dx]
  },
)
