import { einsum } from '../portable/einsum.ts'
import { prelu } from '../portable/prelu.ts'
import type { PortableKernel } from '../portable/compose.ts'
import type { WasmKernel } from './kernel.ts'

const onWasm = ({ create, ...kernel }: PortableKernel, defect: WasmKernel['defect'], repairs = kernel.repairs) =>
  ({ ...kernel, defect, repairs, create: (stock: never) => create(stock, 'wasm') }) as unknown as WasmKernel

/** Kernels that are the same on every backend written in JavaScript. */
export const portableKernels: readonly WasmKernel[] = [onWasm(einsum, 'missing', 'is missing'), onWasm(prelu, 'wrong')]
