import { extraKernelFunc, type ExtraKernel, type ExtraRun } from '@gpdjs/core'
import { kernelsOf, type Kernel, type KernelCall } from '../kernel.ts'
import type { TensorflowBackend } from './tensorflow-backend.ts'

/** A kernel of the tensorflow backend that is added, or that replaces the stock one. */
export interface TensorflowKernel extends Kernel {
  /** It runs operations of the project's own, which a link may lack. */
  readonly needsOwnOperations?: true
}

export type TensorflowCall<Inputs extends string, Attributes> = KernelCall<Inputs, Attributes, TensorflowBackend>

export const tensorflowKernel = kernelsOf<TensorflowBackend, TensorflowKernel>()

/** One of `ExtraKernels`. */
export const extraTensorflowKernel = <K extends ExtraKernel>({
  run,
  ...kernel
}: Omit<TensorflowKernel, 'name' | 'create'> & {
  readonly name: K
  readonly run: ExtraRun<K, TensorflowBackend>
}): TensorflowKernel => ({ ...kernel, create: () => extraKernelFunc(run) })
