import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'

export const gatherAxis = tensorflowKernel<'x' | 'indices', { readonly axis: number; readonly batchDims?: number }>({
  name: 'GatherV2',
  problem: 'throws for a negative axis',
  create: (stock) => (call) => {
    const axis = tf.util.parseAxisParam(call.attrs.axis, call.inputs.x.shape)[0]!
    return stock!({ ...call, attrs: { ...call.attrs, axis } })
  },
})
