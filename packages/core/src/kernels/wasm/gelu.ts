import type * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { sizeOf, withScratch, type WasmBackend } from './wasm-backend.ts'

/** The vector functions take four numbers or more: fewer are put into a tensor of four first. */
const LEAST = 4

type Run = (...addressesAndCount: number[]) => void

/** Runs a vector function from tensors of one size to another of that size. */
function elementwise(backend: WasmBackend, inputs: readonly tf.TensorInfo[], run: Run): tf.TensorInfo {
  const size = sizeOf(inputs[0]!.shape)
  const y = backend.makeOutput([...inputs[0]!.shape], 'float32')
  const addresses = (tensors: readonly tf.TensorInfo[]) => tensors.map(({ dataId }) => backend.getMemoryOffset(dataId))
  if (size >= LEAST) {
    run(...addresses([...inputs, y]), size)
    return y
  }
  return withScratch(backend, (scratch) => {
    const padded = [...inputs, y].map(() => scratch(backend.makeOutput([LEAST], 'float32')))
    inputs.forEach((input, i) => backend.typedArrayFromHeap(padded[i]!).set(backend.typedArrayFromHeap(input)))
    run(...addresses(padded), LEAST)
    backend.typedArrayFromHeap(y).set(backend.typedArrayFromHeap(padded.at(-1)!).subarray(0, size))
    return y
  })
}

const repairs = 'GELU and its gradient compose from five and eleven passes, with an erf that takes one number at a time'

export const gelu = wasmKernel({
  name: 'Gelu',
  defect: 'slow',
  repairs,
  create:
    () =>
    ({ inputs, backend }) =>
      elementwise(backend, [inputs['x']!], simd(backend).gelu),
})

export const geluGradient = wasmKernel({
  name: 'GeluGradient',
  defect: 'slow',
  repairs,
  create:
    () =>
    ({ inputs, backend }) =>
      elementwise(backend, [inputs['dy']!, inputs['x']!], simd(backend).geluGradient),
})
