import type * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { convolutionGeometry, positionsInside, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, runKernel, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly inputShape: [number, number, number, number]
}

/** Adds `dy · tap` to where each tap had read, an image row at a time. */
function inputGradient(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { batch, height, width } = geometry
  const channels = dy.shape[3]!
  const dx = zeros(backend, [batch, height.size, width.size, channels])
  const { multiplyAdd } = simd(backend)
  const [dyStart, wStart, dxStart] = addressesOf(backend, dy, filter, dx)
  const bytes = 4 * channels
  const columns = Array.from({ length: width.taps }, (_, j) => positionsInside(width, j))
  const rows = Array.from({ length: height.taps }, (_, i) => positionsInside(height, i))
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < height.outSize; p++) {
      const dyRow = (n * height.outSize + p) * width.outSize
      for (let i = 0; i < height.taps; i++) {
        if (p < rows[i]![0] || p >= rows[i]![1]) continue
        const dxRow = (n * height.size + p * height.stride + i - height.before) * width.size
        for (let j = 0; j < width.taps; j++) {
          const [first, last] = columns[j]!
          const to = dxStart + (dxRow + first * width.stride + j - width.before) * bytes
          const [toStep, tap] = [width.stride * bytes, wStart + (i * width.taps + j) * bytes]
          multiplyAdd(to, dyStart + (dyRow + first) * bytes, toStep, bytes, tap, to, toStep, last - first, channels)
        }
      }
    }
  }
  return dx
}

/** Sums the gradients of the `multiplier` outputs that each channel has made. */
function sumCopies(backend: WasmBackend, gradients: tf.TensorInfo, multiplier: number): tf.TensorInfo {
  const shape = [...gradients.shape.slice(0, -1), gradients.shape.at(-1)! / multiplier]
  const x = { ...gradients, shape: [sizeOf(shape), multiplier] }
  return { ...runKernel('Sum', backend, { x }, { axis: [1], keepDims: false }), shape }
}

export const depthwiseBackpropInput = wasmKernel<'dy' | 'filter', Attributes>({
  name: 'DepthwiseConv2dNativeBackpropInput',
  defect: 'missing',
  problem: 'is missing: no depthwise convolution can be trained',
  create:
    () =>
    ({ inputs: { dy, filter }, attrs, backend }) => {
      const gradients = inputGradient(
        backend,
        dy,
        filter,
        convolutionGeometry(attrs.inputShape, filter.shape, attrs, true),
      )
      const multiplier = filter.shape[3]!
      return multiplier === 1
        ? gradients
        : withScratch(backend, (scratch) => sumCopies(backend, scratch(gradients), multiplier))
    },
})
