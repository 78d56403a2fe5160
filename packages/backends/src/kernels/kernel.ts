import type * as tf from '@tensorflow/tfjs'

/** A kernel that is added to a backend, or that replaces the stock one. */
export interface Kernel {
  readonly name: string
  /** What is missing, wrong or slow without it, one line. */
  readonly problem: string
  /**
   * @param stock the kernel that the backend has without this project, if it has one
   * @param backendName the backend that it is installed on
   */
  create(stock: tf.KernelFunc | undefined, backendName: string): tf.KernelFunc
}

/** Names of tensors, or a list of tensors. */
type InputsOf<Inputs> = [Inputs] extends [string] ? Readonly<Record<Inputs, tf.TensorInfo>> : Inputs

export interface KernelCall<Inputs, Attributes, Backend> {
  readonly inputs: InputsOf<Inputs>
  readonly attrs: Attributes
  readonly backend: Backend
}

export type Run<Inputs, Attributes, Backend> = (
  call: KernelCall<Inputs, Attributes, Backend>,
) => tf.TensorInfo | tf.TensorInfo[]

/** How a kernel is written: `create` of `Kernel` with its types. */
export interface Typed<Inputs, Attributes, Backend> {
  create(stock: Run<Inputs, Attributes, Backend> | undefined, backendName: string): Run<Inputs, Attributes, Backend>
}

/** Types the inputs and attributes of a backend's kernels, which have no types in TensorFlow.js. */
export const kernelsOf =
  <Backend, K extends Kernel = Kernel>() =>
  <Inputs extends string | readonly tf.TensorInfo[], Attributes = Readonly<Record<string, never>>>(
    kernel: Omit<K, 'create'> & Typed<Inputs, Attributes, Backend>,
  ): K =>
    kernel as unknown as K
