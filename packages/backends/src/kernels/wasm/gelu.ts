import { sizeOf, type Float32 } from '@gpdjs/core'
import { extraWasmKernel } from './kernel.ts'
import { simd } from './simd/module.ts'
import { addressesOf, withScratch, type WasmBackend } from './wasm-backend.ts'

/** The vector functions take four numbers or more: fewer are put into a tensor of four first. */
const LEAST = 4

/** Runs a vector function from tensors of one size to another of that size. */
function elementwise<T extends readonly [Float32, ...Float32[]]>(
  backend: WasmBackend,
  inputs: T,
  run: (from: { readonly [I in keyof T]: number }, to: number, count: number) => void,
): Float32 {
  const size = sizeOf(inputs[0].shape)
  const y = backend.makeOutput([...inputs[0].shape], 'float32')
  const compute = (from: T, to: Float32, count: number) =>
    run(addressesOf<T>(backend, ...from), backend.getMemoryOffset(to.dataId), count)
  if (size >= LEAST) {
    compute(inputs, y, size)
    return y
  }
  return withScratch(backend, (scratch) => {
    const four = () => scratch(backend.makeOutput([LEAST], 'float32'))
    const [padded, result] = [inputs.map(four) as unknown as T, four()]
    inputs.forEach((input, i) => backend.typedArrayFromHeap(padded[i]!).set(backend.typedArrayFromHeap(input)))
    compute(padded, result, LEAST)
    backend.typedArrayFromHeap(y).set(backend.typedArrayFromHeap(result).subarray(0, size))
    return y
  })
}

const problem = 'GELU and its gradient compose from five and eleven passes, with an erf that takes one number at a time'

export const gelu = extraWasmKernel('Gelu', problem, ({ inputs: { x }, backend }) => [
  elementwise(backend, [x], ([from], to, count) => simd(backend).gelu(from, to, count)),
])

export const geluGradient = extraWasmKernel('GeluGradient', problem, ({ inputs: { dy, x }, backend }) => [
  elementwise(backend, [dy, x], ([dyFrom, xFrom], to, count) => simd(backend).geluGradient(dyFrom, xFrom, to, count)),
])
