import type * as tf from '@tensorflow/tfjs'
import type { MatMulAttributes } from './small-products.ts'
import { wasmKernel } from './kernel.ts'
import { runKernel, withScratch } from './wasm-backend.ts'

interface Attributes extends MatMulAttributes {
  readonly activation?: string
  readonly leakyreluAlpha?: number
}

/** The kernel of each activation that can be fused. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  prelu: 'Prelu',
  leakyrelu: 'LeakyRelu',
}

/** `activation(a · b + bias)` from its parts; they are right for every transpose, batch and bias shape. */
export const fusedMatMul = wasmKernel<'a' | 'b', Attributes>({
  name: '_FusedMatMul',
  defect: 'wrong',
  problem: 'adds the bias wrongly when there is a transpose or a batch, and takes no bias of rank 2',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { a, b, bias, preluActivationWeights: alpha } = inputs as Readonly<Record<string, tf.TensorInfo>>
      const { transposeA, transposeB, activation = 'linear', leakyreluAlpha } = attrs
      return withScratch(backend, (scratch) => {
        const product = runKernel('BatchMatMul', backend, { a, b }, { transposeA, transposeB })
        const y = bias === undefined ? product : runKernel('Add', backend, { a: scratch(product), b: bias })
        const kernel = ACTIVATIONS[activation]
        return kernel === undefined
          ? y
          : runKernel(kernel, backend, { x: scratch(y), alpha }, { alpha: leakyreluAlpha })
      })
    },
})
