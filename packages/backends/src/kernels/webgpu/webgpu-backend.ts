import type * as tf from '@tensorflow/tfjs'

/** The part of WebGPU's `GPUDevice` that is used here. */
export interface GpuDevice {
  readonly limits: { readonly maxStorageBufferBindingSize: number }
  readonly lost: Promise<{ readonly message: string }>
  addEventListener(type: 'uncapturederror', listener: (event: { readonly error: Error }) => void): void
}

export interface DeviceData {
  /** Present while the values are in host memory too. */
  readonly values?: tf.backend_util.TypedArray | null
  readonly shape: readonly number[]
  readonly dtype: tf.DataType
}

/** The internals of tfjs-backend-webgpu 4.22 that are used here. */
export interface WebgpuBackend extends tf.KernelBackend {
  readonly device: GpuDevice
  readonly tensorMap: { get(dataId: tf.DataId): DeviceData }
  /** Runs a shader: every kernel calls this in the end. */
  runWebGPUProgram(
    program: { readonly outputShape: readonly number[] },
    inputs: readonly tf.TensorInfo[],
    ...rest: unknown[]
  ): tf.TensorInfo
}
