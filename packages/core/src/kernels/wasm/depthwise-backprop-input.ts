import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, type ConvolutionAttributes, type Geometry } from './geometry.ts'
import { inputGradient } from './input-gradient.ts'
import { wasmKernel } from './kernel.ts'
import { runKernel, sizeOf, withScratch, type WasmBackend } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly inputShape: [number, number, number, number]
}

/** Some taps of a kernel `[kh, kw, channels, multiplier]`, one filter for each of the output's channels. */
function backwardKernel(backend: WasmBackend, filter: tf.TensorInfo, rows: readonly number[], columns: readonly number[]): tf.TensorInfo {
  const [, width, channels, multiplier] = filter.shape as [number, number, number, number]
  const filters = channels * multiplier
  const result = backend.makeOutput([rows.length, columns.length, filters, 1], 'float32')
  const [from, to] = [backend.typedArrayFromHeap(filter), backend.typedArrayFromHeap(result)]
  const taps = rows.flatMap((row) => columns.map((column) => row * width + column))
  taps.forEach((tap, i) => to.set(from.subarray(tap * filters, (tap + 1) * filters), i * filters))
  return result
}

/** Sums the gradients of the `multiplier` outputs that each channel has made. */
function sumCopies(backend: WasmBackend, gradients: tf.TensorInfo, multiplier: number): tf.TensorInfo {
  const shape = [...gradients.shape.slice(0, -1), gradients.shape.at(-1)! / multiplier]
  const x = { ...gradients, shape: [sizeOf(shape), multiplier] }
  return { ...runKernel('Sum', backend, { x }, { axis: [1], keepDims: false }), shape }
}

export const depthwiseBackpropInput = wasmKernel<Attributes>({
  name: 'DepthwiseConv2dNativeBackpropInput',
  repairs: 'is missing: no depthwise convolution can be trained',
  create: () => ({ inputs, attrs, backend }) => {
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
    const geometry = convolutionGeometry(attrs.inputShape, filter.shape, attrs, true)
    const multiplier = filter.shape[3]!
    const copies: Geometry = { ...geometry, channels: geometry.channels * multiplier }
    const gradients = inputGradient(backend, dy, copies, (source, rows, columns, pad) => {
      const kernel = backwardKernel(backend, filter, rows, columns)
      try {
        return runKernel('DepthwiseConv2dNative', backend, { x: source, filter: kernel }, { strides: [1, 1], pad, dilations: [1, 1] })
      } finally {
        backend.disposeData(kernel.dataId)
      }
    })
    return multiplier === 1 ? gradients : withScratch(backend, (scratch) => sumCopies(backend, scratch(gradients), multiplier))
  },
})
