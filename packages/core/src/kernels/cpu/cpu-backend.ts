import type * as tf from '@tensorflow/tfjs'

/** The parts of tfjs-backend-cpu 4.22 that kernels here rely on. */
export interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: tf.backend_util.TypedArray } }
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: tf.backend_util.TypedArray): tf.TensorInfo
  disposeData(dataId: object): boolean
}

export interface CpuKernelCall<Attributes> {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>
  readonly attrs: Attributes
  readonly backend: CpuBackend
}

type Run<Attributes> = (call: CpuKernelCall<Attributes>) => tf.TensorInfo

/** A kernel of the cpu backend that replaces the stock one. */
export interface CpuKernel {
  readonly name: string
  /** What is wrong without it, one line. */
  readonly repairs: string
  create(stock: tf.KernelFunc): tf.KernelFunc
}

/** Lets TypeScript check the inputs and attributes of a kernel that TensorFlow.js holds untyped. */
export const cpuKernel = <Attributes>(
  name: string,
  repairs: string,
  create: (stock: Run<Attributes>) => Run<Attributes>,
): CpuKernel => ({ name, repairs, create: create as unknown as CpuKernel['create'] })

export const valuesOf = (backend: CpuBackend, { dataId }: tf.TensorInfo): tf.backend_util.TypedArray =>
  backend.data.get(dataId).values
