import * as tf from '@tensorflow/tfjs'
import { cpuKernel, valuesOf } from './cpu-backend.ts'

interface Attributes {
  readonly filterSize: number | [number, number, number]
  readonly strides: number | [number, number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** Positions of a window that lie inside one dimension. */
function inside(position: number, stride: number, before: number, window: number, size: number): number[] {
  const first = position * stride - before
  return Array.from({ length: window }, (_, tap) => first + tap).filter((index) => index >= 0 && index < size)
}

/** Each dy goes to the first of the largest numbers of its window. */
export const maxPool3dGrad = cpuKernel<'dy' | 'input', Attributes>({
  name: 'MaxPool3DGrad',
  problem: 'is silently wrong for windows whose height is not their width',
  create:
    () =>
    ({ inputs: { dy, input }, attrs, backend }) => {
      const shape = input.shape as [number, number, number, number, number]
      const { filterSize, strides, pad, dimRoundingMode } = attrs
      const pool = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
      const { front, top, left } = pool.padInfo
      const [depths, rows, columns] = [
        Array.from({ length: pool.outDepth }, (_, p) =>
          inside(p, pool.strideDepth, front, pool.filterDepth, pool.inDepth),
        ),
        Array.from({ length: pool.outHeight }, (_, p) =>
          inside(p, pool.strideHeight, top, pool.filterHeight, pool.inHeight),
        ),
        Array.from({ length: pool.outWidth }, (_, p) =>
          inside(p, pool.strideWidth, left, pool.filterWidth, pool.inWidth),
        ),
      ]
      const [values, gradients] = [valuesOf(backend, input), valuesOf(backend, dy)]
      const dx = new Float32Array(values.length)
      const [, depth, height, width, channels] = shape
      let output = 0
      for (let n = 0; n < pool.batchSize; n++)
        for (const inDepth of depths)
          for (const inRows of rows)
            for (const inColumns of columns) {
              const window = inDepth.flatMap((d) =>
                inRows.flatMap((r) => inColumns.map((c) => ((n * depth + d) * height + r) * width + c)),
              )
              for (let channel = 0; channel < channels; channel++, output++) {
                const value = (position: number) => values[position * channels + channel]!
                const best = window.reduce(
                  (most, position) => (value(position) > value(most) ? position : most),
                  window[0]!,
                )
                if (window.length > 0) dx[best * channels + channel]! += gradients[output]!
              }
            }
      return backend.makeTensorInfo(shape, 'float32', dx)
    },
})
