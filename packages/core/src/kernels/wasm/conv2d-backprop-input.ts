import type * as tf from '@tensorflow/tfjs'
import { convolutionGeometry, type ConvolutionAttributes } from './geometry.ts'
import { inputGradient } from './input-gradient.ts'
import { wasmKernel } from './kernel.ts'
import { runKernel, type WasmBackend } from './wasm-backend.ts'

interface Attributes extends ConvolutionAttributes {
  readonly inputShape: [number, number, number, number]
}

/** Some taps of a kernel `[kh, kw, in, out]`, as the kernel `[rows, columns, out, in]` of the way back. */
function backwardKernel(
  backend: WasmBackend,
  filter: tf.TensorInfo,
  rows: readonly number[],
  columns: readonly number[],
): tf.TensorInfo {
  const [, width, inputs, outputs] = filter.shape as [number, number, number, number]
  const result = backend.makeOutput([rows.length, columns.length, outputs, inputs], 'float32')
  const [from, to] = [backend.typedArrayFromHeap(filter), backend.typedArrayFromHeap(result)]
  let index = 0
  for (const row of rows) {
    for (const column of columns) {
      const tap = (row * width + column) * inputs * outputs
      for (let k = 0; k < outputs; k++) {
        for (let c = 0; c < inputs; c++) to[index++] = from[tap + c * outputs + k]!
      }
    }
  }
  return result
}

/** `dx`: forward convolutions of dy, the fast path of the backend, with reversed taps. */
export const conv2dBackpropInput = wasmKernel<Attributes>({
  name: 'Conv2DBackpropInput',
  defect: 'slow',
  repairs: 'is nine times slower than a forward convolution of equal size',
  create:
    () =>
    ({ inputs, attrs, backend }) => {
      const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
      const geometry = convolutionGeometry(attrs.inputShape, filter.shape, attrs)
      return inputGradient(backend, dy, geometry, (source, rows, columns, pad) => {
        const kernel = backwardKernel(backend, filter, rows, columns)
        try {
          return runKernel(
            'Conv2D',
            backend,
            { x: source, filter: kernel },
            { strides: 1, pad, dataFormat: 'NHWC', dilations: 1 },
          )
        } finally {
          backend.disposeData(kernel.dataId)
        }
      })
    },
})
