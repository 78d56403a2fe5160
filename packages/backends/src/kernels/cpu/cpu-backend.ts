import type * as tf from '@tensorflow/tfjs'
import { kernelsOf } from '../kernel.ts'

/** The parts of tfjs-backend-cpu 4.22 that kernels here rely on. */
export interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: tf.backend_util.TypedArray } }
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values: tf.backend_util.TypedArray): tf.TensorInfo
  disposeData(dataId: object): boolean
}

export const cpuKernel = kernelsOf<CpuBackend>()

export const valuesOf = (backend: CpuBackend, { dataId }: tf.TensorInfo): tf.backend_util.TypedArray =>
  backend.data.get(dataId).values
