import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { wasmKernel, type WasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, zeros, type WasmBackend } from './wasm-backend.ts'

interface Attributes {
  readonly axis: number | number[]
  readonly keepDims: boolean
}

/** A reduction of neighboring axes: the shape as `[outer, rows, channels]`, reduced over `rows`. */
interface Middle {
  readonly outer: number
  readonly rows: number
  readonly channels: number
  readonly shape: number[]
}

/** Undefined unless the reduced axes are neighbors and at least one axis follows them. */
function middleOf({ shape }: tf.TensorInfo, { axis, keepDims }: Attributes): Middle | undefined {
  const axes = [...tf.util.parseAxisParam(axis, shape)].sort((a, b) => a - b)
  const [first, last] = [axes[0], axes.at(-1)]
  if (first === undefined || last === undefined || last === shape.length - 1 || last - first !== axes.length - 1)
    return undefined
  return {
    outer: sizeOf(shape.slice(0, first)),
    rows: sizeOf(shape.slice(first, last + 1)),
    channels: sizeOf(shape.slice(last + 1)),
    shape: [...shape.slice(0, first), ...(keepDims ? axes.map(() => 1) : []), ...shape.slice(last + 1)],
  }
}

function sumOverRows(backend: WasmBackend, x: tf.TensorInfo, { outer, rows, channels, shape }: Middle): tf.TensorInfo {
  const out = zeros(backend, shape)
  const [from, to] = addressesOf(backend, x, out)
  const { channelSum } = simd(backend)
  const bytes = 4 * channels
  for (let i = 0; i < outer; i++) channelSum(from + i * rows * bytes, bytes, to + i * bytes, rows, channels)
  return out
}

const reduction = (name: 'Sum' | 'Mean', divisor: (middle: Middle) => number): WasmKernel =>
  wasmKernel<'x', Attributes>({
    name,
    defect: 'slow',
    problem: 'transposes first, unless the last axes are reduced: five to ten times slower',
    create: (stock) => (call) => {
      const { x } = call.inputs
      const middle = x.dtype === 'float32' ? middleOf(x, call.attrs) : undefined
      if (middle === undefined) return stock!(call)
      const out = sumOverRows(call.backend, x, middle)
      const by = divisor(middle)
      if (by === 1) return out
      const values = call.backend.typedArrayFromHeap(out)
      for (let i = 0; i < values.length; i++) values[i]! /= by
      return out
    },
  })

export const sum = reduction('Sum', () => 1)
export const mean = reduction('Mean', ({ rows }) => rows)
