import { einsum } from '../portable/einsum.ts'
import { prelu } from '../portable/prelu.ts'
import type { WasmKernel } from './kernel.ts'

/** Kernels that are the same on every backend written in JavaScript. */
export const portableKernels: readonly WasmKernel[] = [
  { ...einsum, defect: 'missing', problem: 'is missing' },
  { ...prelu, defect: 'wrong' },
]
