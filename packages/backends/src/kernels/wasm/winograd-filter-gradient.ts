import type * as tf from '@tensorflow/tfjs'
import type { Geometry } from './geometry.ts'
import { simd } from './simd/module.ts'
import { withScratch, zeros, type WasmBackend } from './wasm-backend.ts'
import { PLACES, tileBlocks, tilePixels } from './winograd-tiles.ts'

/** Images of dy: their tiles begin at the first pixel. */
const unpadded = (geometry: Geometry, channels: number): Geometry => ({
  ...geometry,
  height: { ...geometry.height, before: 0 },
  width: { ...geometry.width, before: 0 },
  channels,
})

/**
 * The gradient in w of `winogradConvolution`: `dw = Gᵀ [Σ (Bᵀ x B) ⊙ (A dy Aᵀ)] G` over all tiles.
 *
 * @param dy its channels a multiple of four
 */
export function winogradFilterGradient(
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { channels } = geometry
  const filters = dy.shape[3]!
  const count = channels * filters
  return withScratch(backend, (scratch) => {
    const { columns, blocks, matrices } = tileBlocks(backend, geometry, scratch)
    const [left, right] = [matrices(channels), matrices(filters)]
    const [inputs, gradients] = [
      tilePixels(backend, x, geometry, scratch),
      tilePixels(backend, dy, unpadded(geometry, filters), scratch),
    ]
    const sums = scratch(zeros(backend, [PLACES, count]))
    const out = backend.makeOutput([3, 3, channels, filters], 'float32')
    const sumStart = backend.getMemoryOffset(sums.dataId)
    const functions = simd(backend)
    for (const block of blocks) {
      block.forEach((row, i) => {
        const [from, dyFrom] = [inputs(row), gradients(row)]
        const [to, dyTo] = [left, right].map(({ start, rowBytes }) => start + i * columns * rowBytes) as [
          number,
          number,
        ]
        functions.winogradInput(from.start, from.rowBytes, to, left.rowBytes, left.matrixBytes, columns, channels)
        functions.winogradGradient(
          dyFrom.start,
          dyFrom.rowBytes,
          dyTo,
          right.rowBytes,
          right.matrixBytes,
          columns,
          filters,
        )
      })
      for (let place = 0; place < PLACES; place++) {
        functions.filterGradientTap(
          left.start + place * left.matrixBytes,
          right.start + place * right.matrixBytes,
          sumStart + 4 * place * count,
          1,
          block.length * columns,
          left.rowBytes,
          0,
          right.rowBytes,
          0,
          channels,
          filters,
          4 * filters,
        )
      }
    }
    functions.winogradFilterGradient(sumStart, backend.getMemoryOffset(out.dataId), count)
    return out
  })
}
