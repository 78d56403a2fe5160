import * as tf from '@tensorflow/tfjs'
import { webgpuKernel } from './kernel.ts'

/** Returns a clone of x where the stock kernel returns x itself. */
export const topK = webgpuKernel<'x'>({
  name: 'TopK',
  problem: 'returns its input, not counted, if the last axis has one entry: it is freed while it is still in use',
  create: (stock) => (call) => {
    const { x } = call.inputs
    const [values, indices] = stock!(call) as tf.TensorInfo[]
    if (values!.dataId !== x.dataId) return [values!, indices!]
    const identity = tf.getKernel('Identity', 'webgpu').kernelFunc
    return [identity({ inputs: { x }, backend: call.backend }) as tf.TensorInfo, indices!]
  },
})
