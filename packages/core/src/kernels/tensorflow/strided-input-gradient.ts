import * as tf from '@tensorflow/tfjs'
import { tensorflowKernel } from './kernel.ts'
import { execute } from './tensorflow-backend.ts'

interface Attributes {
  readonly strides: number | [number, number]
  readonly dilations?: number | [number, number]
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly dataFormat?: string
  readonly inputShape: [number, number, number, number]
}

/** Each pixel of the input is under a few taps of a strided filter only; TensorFlow multiplies zeros for the others. */
export const stridedInputGradient = tensorflowKernel<'dy' | 'filter', Attributes>({
  name: 'Conv2DBackpropInput',
  repairs: 'of a strided convolution, takes up to ten times as long as the convolution',
  needsOwnOperations: true,
  create: (stock) => (call) => {
    const { inputs, attrs, backend } = call
    const { strides, dilations = 1, pad, dimRoundingMode, dataFormat = 'NHWC', inputShape } = attrs
    const info = tf.backend_util.computeConv2DInfo(
      inputShape,
      inputs.filter.shape as [number, number, number, number],
      strides,
      dilations,
      pad,
      dimRoundingMode,
    )
    const { strideHeight: stride, strideWidth, dilationHeight, dilationWidth, padInfo } = info
    const fits = stride > 1 && stride === strideWidth && dilationHeight * dilationWidth === 1 && dataFormat === 'NHWC'
    if (!fits && stock !== undefined) return stock(call)
    const geometry = tf.tensor1d([info.inHeight, info.inWidth, stride, padInfo.top, padInfo.left])
    const [dx] = execute(backend, { name: 'GpdStridedInputGradient', inputs: [inputs.dy, inputs.filter, geometry] })
    geometry.dispose()
    return dx!
  },
})
