import type * as tf from '@tensorflow/tfjs'
import type { WebgpuBackend } from './webgpu-backend.ts'

export interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs
  readonly attrs: Attributes
  readonly backend: WebgpuBackend
}

type Run<Inputs, Attributes> = (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo

/** A kernel of the webgpu backend that replaces the stock one. */
export interface WebgpuKernel {
  readonly name: string
  /** What is wrong without it, one line. */
  readonly repairs: string
  create(stock: tf.KernelFunc): tf.KernelFunc
}

/** Lets TypeScript check the inputs and attributes of a kernel that TensorFlow.js holds untyped. */
export function webgpuKernel<Inputs, Attributes = Readonly<Record<string, never>>>(
  kernel: Omit<WebgpuKernel, 'create'> & { create(stock: Run<Inputs, Attributes>): Run<Inputs, Attributes> },
): WebgpuKernel {
  return kernel as unknown as WebgpuKernel
}
