import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

const batchOf = ({ shape }: tf.TensorInfo) => shape.slice(0, -2)

/** Products of matrices, one or many; those with different batches, and empty ones, are left to TensorFlow. */
export const matrixProduct = tensorflowKernel<'a' | 'b', Attributes>({
  name: 'BatchMatMul',
  problem: 'the published TensorFlow is built for every processor and leaves instructions of this one unused',
  needsOwnOperations: true,
  create: (stock) => (call) => {
    const { inputs, attrs, backend } = call
    const { a, b } = inputs
    const [rows, depth] = attrs.transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!]
    const columns = b.shape.at(attrs.transposeB ? -2 : -1)!
    const batch = batchOf(a)
    const count = sizeOf(batch)
    const fits = tf.util.arraysEqual(batch, batchOf(b)) && [a, b].every(({ dtype }) => dtype === 'float32')
    if (stock !== undefined && !(fits && count * rows * depth * columns > 0)) return stock(call)
    const [product] = execute(backend, {
      name: 'GpdMatrixProduct',
      inputs: [a, b],
      bools: { transpose_a: attrs.transposeA, transpose_b: attrs.transposeB },
    })
    return product!
  },
})
