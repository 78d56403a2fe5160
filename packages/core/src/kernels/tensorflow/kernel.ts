import type * as tf from '@tensorflow/tfjs'
import type { TensorflowBackend } from './tensorflow-backend.ts'

export interface KernelCall<Inputs extends string, Attributes> {
  readonly inputs: Readonly<Record<Inputs, tf.TensorInfo>>
  readonly attrs: Attributes
  readonly backend: TensorflowBackend
}

type Run<Inputs extends string, Attributes> = (call: KernelCall<Inputs, Attributes>) => tf.TensorInfo | tf.TensorInfo[]

/** A kernel of the tensorflow backend that is added, or that replaces the stock one. */
export interface TensorflowKernel {
  readonly name: string
  /** What is missing or slow without it, one line. */
  readonly repairs: string
  /** It runs operations of the project's own, which a link may lack. */
  readonly needsOwnOperations?: true
  /** @param stock the kernel of tfjs-node, if it has one */
  create(stock: tf.KernelFunc | undefined): tf.KernelFunc
}

/** Lets TypeScript check the inputs and attributes of a kernel that TensorFlow.js holds untyped. */
export function tensorflowKernel<Inputs extends string, Attributes = Readonly<Record<string, never>>>(
  kernel: Omit<TensorflowKernel, 'create'> & {
    create(stock: Run<Inputs, Attributes> | undefined): Run<Inputs, Attributes>
  },
): TensorflowKernel {
  return kernel as unknown as TensorflowKernel
}
