import { blockRowsOf, type FilterGradient } from './filter-gradient.ts'
import { extent } from './geometry.ts'
import { imagesIn } from './image-frame.ts'
import { simd } from './simd/module.ts'
import { addressesOf, withScratch, zeros } from './wasm-backend.ts'

/**
 * The gradient of a filter for images of few channels: a row of a window is one stretch of numbers, and its taps and
 * channels make the outer products wide enough together.
 *
 * @param dy its channels a multiple of four
 */
export const windowRowsGradient: FilterGradient = (backend, x, dy, geometry) =>
  withScratch(backend, (scratch) => {
    const { batch, height, width, channels } = geometry
    const filters = dy.shape[3]!
    const { imageAt, rowBytes } = imagesIn(
      backend,
      x,
      { ...geometry, rows: extent(height), columns: extent(width) },
      scratch,
    )
    const out = zeros(backend, [height.taps, width.taps, channels, filters])
    const [dyStart, outStart] = addressesOf(backend, dy, out)
    const { filterGradientTap } = simd(backend)
    const [column, gradient, run] = [4 * width.stride * channels, 4 * filters, width.taps * channels]
    const blockRows = blockRowsOf(geometry, filters)
    for (let n = 0; n < batch; n++) {
      const image = imageAt(n)
      for (let row = 0; row < height.outSize; row += blockRows) {
        for (let i = 0; i < height.taps; i++) {
          filterGradientTap(
            image + (row * height.stride + i) * rowBytes,
            dyStart + (n * height.outSize + row) * width.outSize * gradient,
            outStart + i * run * gradient,
            Math.min(blockRows, height.outSize - row),
            width.outSize,
            column,
            height.stride * rowBytes - width.outSize * column,
            gradient,
            0,
            run,
            filters,
            gradient,
          )
        }
      }
    }
    return out
  })
