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
  /** Called for the inputs and outputs of every shader. */
  uploadToGPU(dataId: tf.DataId): void
}
