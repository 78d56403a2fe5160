import type * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute, reshaped } from './tensorflow-backend.ts'

interface Attributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** Below this many multiplications the call takes longer than the product. */
const LEAST = 1 << 20

const isOneMatrix = ({ shape, dtype }: tf.TensorInfo) =>
  dtype === 'float32' && shape.slice(0, -2).every((size) => size === 1)

/** Products of two large matrices; TensorFlow keeps those of many small ones. */
export const matrixProduct = tensorflowKernel<'a' | 'b', Attributes>({
  name: 'BatchMatMul',
  repairs: 'TensorFlow is built for processors of ten years ago',
  needsOwnOperations: true,
  create: (stock) => (call) => {
    const { inputs, attrs, backend } = call
    const { a, b } = inputs
    const [rows, depth] = attrs.transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!]
    const columns = b.shape.at(attrs.transposeB ? -2 : -1)!
    const large = rows * depth * columns >= LEAST
    if (stock !== undefined && !(large && isOneMatrix(a) && isOneMatrix(b))) return stock(call)
    const matrices = [a, b].map((matrix) => reshaped(matrix, matrix.shape.slice(-2)))
    const [product] = execute(backend, {
      name: 'GpdMatrixProduct',
      inputs: matrices,
      bools: { transpose_a: attrs.transposeA, transpose_b: attrs.transposeB },
    }) as [tf.Tensor]
    const rank = Math.max(a.shape.length, b.shape.length)
    const result = reshaped(product, [...new Array<number>(rank - 2).fill(1), rows, columns])
    for (const tensor of [...matrices, product]) tensor.dispose()
    return result
  },
})
