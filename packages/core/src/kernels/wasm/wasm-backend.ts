import * as tf from '@tensorflow/tfjs'

/** The parts of tfjs-backend-wasm 4.22.0 that kernels here rely on. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: Readonly<Record<string, unknown>>
  }
  /** A new tensor, not initialised. */
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo
  /** Address of the first element, in bytes. */
  getMemoryOffset(dataId: object): number
  /** A view that lives until the next allocation. */
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array | Uint8Array
  disposeData(dataId: object): boolean
  /** One more tensor that uses the same data. */
  incRef(dataId: object): void
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1)

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

/** Runs `f` and frees every tensor that it hands to `scratch`, also if it throws. */
export function withScratch(
  backend: WasmBackend,
  f: (scratch: (info: tf.TensorInfo) => tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo {
  const temporaries: tf.TensorInfo[] = []
  const scratch = (info: tf.TensorInfo) => {
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
export function zeros(backend: WasmBackend, shape: number[]): tf.TensorInfo {
  const info = backend.makeOutput(shape, 'float32')
  backend.typedArrayFromHeap(info).fill(0)
  return info
}
