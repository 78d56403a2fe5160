import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { inputGradient } from './input-gradient.ts'
import { wasmKernel } from './kernel.ts'
import { reversedFilter } from './reversed-filter.ts'
import { withScratch, type WasmBackend } from './wasm-backend.ts'
import { fitsWinograd } from './winograd-tiles.ts'
import { winogradConvolution } from './winograd.ts'

interface Attributes extends ConvolutionAttributes {
  readonly inputShape: [number, number, number, number]
}

/** For a convolution that keeps the size of its images, the gradient is the same convolution with reversed taps. */
function winogradInputGradient(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { channels, outChannels } = geometry
  return withScratch(backend, (scratch) => {
    const reversed = scratch(reversedFilter(backend, filter, [2, 1, 0], [2, 1, 0]))
    return winogradConvolution(backend, dy, reversed, { ...geometry, channels: outChannels, outChannels: channels })
  })
}

/** `dx`: convolutions of dy with reversed taps. */
export const conv2dBackpropInput = wasmKernel<'dy' | 'filter', Attributes>({
  name: 'Conv2DBackpropInput',
  defect: 'slow',
  problem: 'is nine times slower than a forward convolution of equal size',
  create:
    () =>
    ({ inputs: { dy, filter }, attrs, backend }) => {
      const geometry = convolutionGeometry(attrs.inputShape, filter.shape, attrs)
      const gradient = fitsWinograd(geometry) ? winogradInputGradient : inputGradient
      return gradient(backend, dy, filter, geometry)
    },
})
