import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { wasmKernel } from './kernel.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** Copies a box out of a tensor, in contiguous pieces as long as possible. */
function copyBox(
  backend: WasmBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): tf.TensorInfo {
  const out = backend.makeOutput([...size], x.dtype)
  const [from, to] = [backend.typedArrayFromHeap(x), backend.typedArrayFromHeap(out)]
  // Inner axes that are taken whole, and the next axis outside them, are contiguous.
  let axis = size.length - 1
  while (axis > 0 && size[axis] === x.shape[axis]) axis--
  const inner = sizeOf(x.shape.slice(axis + 1))
  const stretch = (size[axis] ?? 1) * inner
  const outer = size.slice(0, Math.max(0, axis))
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)))
  const start = begin.reduce((sum, first, i) => sum + first * strides[i]!, 0)
  for (let i = 0; i < to.length / stretch; i++) {
    let [offset, rest] = [start, i]
    for (let j = outer.length - 1; j >= 0; j--) {
      offset += (rest % outer[j]!) * strides[j]!
      rest = Math.floor(rest / outer[j]!)
    }
    to.set(from.subarray(offset, offset + stretch), i * stretch)
  }
  return out
}

interface SliceAttributes {
  readonly begin: number | number[]
  readonly size: number | number[]
}

const SLOW = 'copies its whole input before it takes a part'

export const slice = wasmKernel<'x', SliceAttributes>({
  name: 'Slice',
  defect: 'slow',
  problem: SLOW,
  create: (stock) => (call) => {
    const { x } = call.inputs
    if (x.dtype === 'string') return stock!(call)
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, call.attrs.begin, call.attrs.size)
    return copyBox(call.backend, x, begin!, size!)
  },
})

interface SplitAttributes {
  readonly numOrSizeSplits: number | number[]
  readonly axis: number
}

export const split = wasmKernel<'x', SplitAttributes>({
  name: 'SplitV',
  defect: 'slow',
  problem: SLOW,
  create: (stock) => (call) => {
    const { x } = call.inputs
    if (x.dtype === 'string') return stock!(call)
    const axis = tf.util.parseAxisParam(call.attrs.axis, x.shape)[0]!
    const begin = x.shape.map(() => 0)
    return tf.backend_util.prepareSplitSize(x as tf.Tensor, call.attrs.numOrSizeSplits, axis).map((size) => {
      const part = copyBox(
        call.backend,
        x,
        begin,
        x.shape.map((n, i) => (i === axis ? size : n)),
      )
      begin[axis]! += size
      return part
    })
  },
})

interface UnpackAttributes {
  readonly axis: number
}

export const unpack = wasmKernel<'value', UnpackAttributes>({
  name: 'Unpack',
  defect: 'slow',
  problem: SLOW,
  create: (stock) => (call) => {
    const { value: x } = call.inputs
    if (x.dtype === 'string') return stock!(call)
    const axis = tf.util.parseAxisParam(call.attrs.axis, x.shape)[0]!
    const at = <T>(chosen: T, others: (n: number) => T) => x.shape.map((n, i) => (i === axis ? chosen : others(n)))
    const shape = x.shape.filter((_, i) => i !== axis)
    return Array.from({ length: x.shape[axis]! }, (_, index) => {
      const part = copyBox(
        call.backend,
        x,
        at(index, () => 0),
        at(1, (n) => n),
      )
      return { ...part, shape }
    })
  },
})
