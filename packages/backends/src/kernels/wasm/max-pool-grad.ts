import { poolGeometry, tapsInside, type ConvolutionAttributes } from './geometry.ts'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, zeros } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly filterSize: number | [number, number]
}

export const maxPoolGrad = wasmKernel<'dy' | 'input', Attributes>({
  name: 'MaxPoolGrad',
  defect: 'wrong',
  problem: 'loses the gradient of every window without a positive number',
  create:
    () =>
    ({ inputs: { dy, input }, attrs, backend }) => {
      const { batch, height, width, channels } = poolGeometry(input.shape, attrs.filterSize, attrs)
      const dx = zeros(backend, [...input.shape])
      const { maxPoolWindow } = simd(backend)
      const [xStart, dyStart, dxStart] = addressesOf(backend, input, dy, dx)
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
