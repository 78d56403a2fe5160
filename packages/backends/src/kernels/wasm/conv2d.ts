import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, extent, isPlain, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { imagesIn, type ImageAt } from './image-frame.ts'
import { wasmKernel } from './kernel.ts'
import { packPanels, panelMemory, type Panel } from './panels.ts'
import { fitsWinograd } from './winograd-tiles.ts'
import { winogradConvolution } from './winograd.ts'
import { withScratch, type WasmBackend } from './wasm-backend.ts'

function convolve(
  backend: WasmBackend,
  geometry: Geometry,
  out: tf.TensorInfo,
  imageAt: ImageAt,
  rowBytes: number,
  panels: readonly Panel[],
): void {
  const { batch, height, width, channels, outChannels } = geometry
  const outStart = backend.getMemoryOffset(out.dataId)
  const [xColumn, outColumn, run] = [4 * width.stride * channels, 4 * outChannels, width.taps * channels]
  for (let n = 0; n < batch; n++) {
    const image = imageAt(n)
    const outImage = outStart + n * height.outSize * width.outSize * outColumn
    for (const { weights, first, convolveRow } of panels) {
      for (let p = 0; p < height.outSize; p++) {
        const to = outImage + p * width.outSize * outColumn + 4 * first
        convolveRow(
          image + p * height.stride * rowBytes,
          weights,
          to,
          width.outSize,
          xColumn,
          outColumn,
          height.taps,
          rowBytes,
          run,
        )
      }
    }
  }
}

export function conv2dForward(
  backend: WasmBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  geometry: Geometry,
): tf.TensorInfo {
  const { batch, height, width, channels, outChannels } = geometry
  return withScratch(backend, (scratch) => {
    const run = width.taps * channels
    const weights = { rows: height.taps * run, channels: outChannels, run }
    const memory = scratch(panelMemory(backend, weights.rows, outChannels))
    const panels = packPanels(backend, backend.getMemoryOffset(filter.dataId), memory, weights)
    const images = { ...geometry, rows: extent(height), columns: extent(width) }
    const { imageAt, rowBytes } = imagesIn(backend, x, images, scratch)
    const out = backend.makeOutput([batch, height.outSize, width.outSize, outChannels], 'float32')
    convolve(backend, geometry, out, imageAt, rowBytes, panels)
    return out
  })
}

export const conv2d = wasmKernel<'x' | 'filter', ConvolutionAttributes>({
  name: 'Conv2D',
  defect: 'slow',
  problem: 'is slower than its filter gradient when there are few channels',
  create: (stock) => (call) => {
    const { x, filter } = call.inputs
    if (!isPlain(call.attrs)) return stock!(call)
    const geometry = convolutionGeometry(x.shape, filter.shape, call.attrs)
    const convolution = fitsWinograd(geometry) ? winogradConvolution : conv2dForward
    return convolution(call.backend, x, filter, geometry)
  },
})
