import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'

interface Attributes {
  readonly strides: number | [number, number]
  readonly pad: unknown
  readonly filterShape: [number, number, number, number]
}

/** A filter of one tap reads every `stride`-th position and no padding: those alone, without stride, have its gradient. */
const singleTap = (name: string) =>
  tensorflowKernel<'x' | 'dy', Attributes>({
    name,
    problem: 'is silently wrong in TensorFlow 2.21 with oneDNN for some filters of one tap with a stride',
    create: (stock) => (call) => {
      const { inputs, attrs, backend } = call
      const { strides, pad, filterShape } = attrs
      const [down, across] = typeof strides === 'number' ? [strides, strides] : strides
      const isSingle = filterShape[0] === 1 && filterShape[1] === 1 && typeof pad === 'string'
      if (!isSingle || (down === 1 && across === 1)) return stock!(call)
      const { x } = inputs
      const { kernelFunc: take } = tf.getKernel('StridedSlice', 'tensorflow')
      const every = { begin: [0, 0, 0, 0], end: x.shape, strides: [1, down, across, 1] }
      const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 }
      const read = take({ inputs: { x }, attrs: { ...every, ...masks }, backend }) as tf.TensorInfo
      const gradient = stock!({
        inputs: { ...inputs, x: read },
        attrs: { ...attrs, strides: 1, pad: 'valid' },
        backend,
      })
      backend.disposeData(read.dataId)
      return gradient
    },
  })

export const singleTapFilterGradients = [
  singleTap('Conv2DBackpropFilter'),
  // With a single channel TensorFlow runs the kernel above.
  singleTap('DepthwiseConv2dNativeBackpropFilter'),
]
