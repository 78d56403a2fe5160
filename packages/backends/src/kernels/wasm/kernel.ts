import { extraKernelFunc, type ExtraKernel, type ExtraRun } from '@gpdjs/core'
import { kernelsOf, type Kernel, type KernelCall } from '../kernel.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** A kernel of the wasm backend that is added, or that replaces the stock one. */
export interface WasmKernel extends Kernel {
  /** What the stock backend lacks: the kernel, right numbers, or speed (measured by benchmarks/kernels.ts). */
  readonly defect: 'missing' | 'wrong' | 'slow'
}

export type WasmCall<Inputs extends string, Attributes> = KernelCall<Inputs, Attributes, WasmBackend>

export const wasmKernel = kernelsOf<WasmBackend, WasmKernel>()

/** One of `ExtraKernels`: they save time only. */
export const extraWasmKernel = <K extends ExtraKernel>(
  name: K,
  problem: string,
  run: ExtraRun<K, WasmBackend>,
): WasmKernel => ({ name, defect: 'slow', problem, create: () => extraKernelFunc(run) })
