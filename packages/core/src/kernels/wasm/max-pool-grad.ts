import type * as tf from '@tensorflow/tfjs'
import { poolGeometry, tapsInside, type ConvolutionAttributes } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { zeros } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly filterSize: number | [number, number]
}

export const maxPoolGrad = wasmKernel<Attributes>({
  name: 'MaxPoolGrad',
  defect: 'wrong',
  repairs: 'loses the gradient of every window without a positive number',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
      const { batch, height, width, channels } = poolGeometry(input.shape, attrs.filterSize, attrs)
      const dx = zeros(backend, [...input.shape])
      const { maxPoolWindow } = simd(backend)
      const [xStart, dyStart, dxStart] = [input, dy, dx].map(({ dataId }) => backend.getMemoryOffset(dataId)) as [
        number,
        number,
        number,
      ]
      const bytes = 4 * channels
      for (let n = 0; n < batch; n++) {
        for (let p = 0; p < height.outSize; p++) {
          const [top, bottom] = tapsInside(height, p)
          const row = n * height.size + p * height.stride - height.before + top
          for (let q = 0; q < width.outSize; q++) {
            const [left, right] = tapsInside(width, q)
            if (bottom <= top || right <= left) continue
            const first = (row * width.size + q * width.stride - width.before + left) * bytes
            const position = ((n * height.outSize + p) * width.outSize + q) * bytes
            maxPoolWindow(
              xStart + first,
              dyStart + position,
              dxStart + first,
              bottom - top,
              right - left,
              width.size * bytes,
              channels,
            )
          }
        }
      }
      return dx
    },
})
