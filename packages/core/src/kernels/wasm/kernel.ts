import type * as tf from '@tensorflow/tfjs'
import type { WasmBackend } from './wasm-backend.ts'

export interface KernelCall<Attributes = Readonly<Record<string, never>>> {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>
  readonly attrs: Attributes
  readonly backend: WasmBackend
}

type Run<Attributes> = (call: KernelCall<Attributes>) => tf.TensorInfo | tf.TensorInfo[]

/** A kernel of the wasm backend that is added, or that replaces the stock one. */
export interface WasmKernel<Attributes = never> {
  readonly name: string
  /** What the stock backend lacks: the kernel, right numbers, or speed (benchmarks/kernels.mjs). */
  readonly defect: 'missing' | 'wrong' | 'slow'
  /** The same in words, one line. */
  readonly repairs: string
  /** @param stock the kernel of tfjs-backend-wasm, if it has one */
  create(stock: Run<object> | undefined): Run<Attributes>
}

/** Lets TypeScript infer and check the attributes of a kernel. */
export const wasmKernel = <Attributes>(kernel: WasmKernel<Attributes>): WasmKernel<Attributes> => kernel
