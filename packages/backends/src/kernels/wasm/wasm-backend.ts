import * as tf from '@tensorflow/tfjs'
import type { Float32 } from '@gpdjs/core'

/** The parts of tfjs-backend-wasm 4.22.0 that kernels here rely on. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: Readonly<Record<string, unknown>>
  }
  /** A new tensor, not initialized. */
  makeOutput<D extends tf.DataType>(shape: number[], dtype: D): tf.TensorInfo & { readonly dtype: D }
  /** Address of the first element, in bytes. */
  getMemoryOffset(dataId: object): number
  /** A view that lives until the next allocation. */
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array | Uint8Array
  disposeData(dataId: object): boolean
  /** One more tensor that uses the same data. */
  incRef(dataId: object): void
}

/** Where the numbers of tensors start, in bytes. */
export const addressesOf = <T extends readonly tf.TensorInfo[]>(
  backend: WasmBackend,
  ...infos: T
): { readonly [I in keyof T]: number } =>
  infos.map(({ dataId }) => backend.getMemoryOffset(dataId)) as { readonly [I in keyof T]: number }

/** Runs another kernel, below the tape and the tidy scopes: its result must be freed by hand. */
export function runKernel(
  name: string,
  backend: WasmBackend,
  inputs: tf.NamedTensorInfoMap,
  attrs: object = {},
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(name, 'wasm')
  return kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo
}

/** Marks a tensor as temporary, and returns it. */
export type Scratch = <T extends tf.TensorInfo>(info: T) => T

/** Runs `f` and frees every tensor that was given to `scratch`, also if it throws. */
export function withScratch<R>(backend: WasmBackend, f: (scratch: Scratch) => R): R {
  const temporaries: tf.TensorInfo[] = []
  const scratch: Scratch = (info) => {
    temporaries.push(info)
    return info
  }
  try {
    return f(scratch)
  } finally {
    for (const { dataId } of temporaries) backend.disposeData(dataId)
  }
}

/** A float32 tensor of zeros. */
export function zeros(backend: WasmBackend, shape: number[]): Float32 {
  const info = backend.makeOutput(shape, 'float32')
  backend.typedArrayFromHeap(info).fill(0)
  return info
}
