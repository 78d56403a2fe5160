import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, positionsInside, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, withScratch, zeros, type WasmBackend } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly filterShape: [number, number, number, number]
}

/** x with every channel repeated `multiplier` times, beside itself. */
function repeatChannels(backend: WasmBackend, x: tf.TensorInfo, multiplier: number): tf.TensorInfo {
  const result = backend.makeOutput([...x.shape.slice(0, -1), x.shape.at(-1)! * multiplier], 'float32')
  const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(result)]
  for (let i = 0; i < to.length; i++) to[i] = from[Math.floor(i / multiplier)]!
  return result
}

/** One sum of products for each tap and channel, an image row at a time. */
function filterGradient(backend: WasmBackend, x: tf.TensorInfo, dy: tf.TensorInfo, geometry: Geometry): tf.TensorInfo {
  const { batch, height, width } = geometry
  const channels = dy.shape[3]!
  const out = zeros(backend, [height.taps, width.taps, channels])
  const { productSum } = simd(backend)
  const [xStart, dyStart, outStart] = addressesOf(backend, x, dy, out)
  const bytes = 4 * channels
  const columns = Array.from({ length: width.taps }, (_, j) => positionsInside(width, j))
  const rows = Array.from({ length: height.taps }, (_, i) => positionsInside(height, i))
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < height.outSize; p++) {
      const dyRow = (n * height.outSize + p) * width.outSize
      for (let i = 0; i < height.taps; i++) {
        if (p < rows[i]![0] || p >= rows[i]![1]) continue
        const xRow = (n * height.size + p * height.stride + i - height.before) * width.size
        for (let j = 0; j < width.taps; j++) {
          const [first, last] = columns[j]!
          productSum(
            xStart + (xRow + first * width.stride + j - width.before) * bytes,
            dyStart + (dyRow + first) * bytes,
            width.stride * bytes,
            bytes,
            outStart + (i * width.taps + j) * bytes,
            last - first,
            channels,
          )
        }
      }
    }
  }
  return out
}

export const depthwiseBackpropFilter = wasmKernel<'x' | 'dy', Attributes>({
  name: 'DepthwiseConv2dNativeBackpropFilter',
  defect: 'missing',
  problem: 'is missing: no depthwise convolution can be trained',
  create:
    () =>
    ({ inputs: { x, dy }, attrs, backend }) => {
      const geometry = convolutionGeometry(x.shape, attrs.filterShape, attrs, true)
      const multiplier = attrs.filterShape[3]
      return withScratch(backend, (scratch) => {
        const source = multiplier === 1 ? x : scratch(repeatChannels(backend, x, multiplier))
        return { ...filterGradient(backend, source, dy, geometry), shape: attrs.filterShape }
      })
    },
})
