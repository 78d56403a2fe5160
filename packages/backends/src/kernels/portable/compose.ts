import * as tf from '@tensorflow/tfjs'
import { kernelsOf } from '../kernel.ts'

/** What kernels here use of the backends cpu, wasm and webgpu. */
export interface JavascriptBackend {
  disposeData(dataId: object): boolean
}

export type Run = (name: string, inputs: Readonly<Record<string, tf.TensorInfo>>, attrs?: object) => tf.TensorInfo

/** Kernels that replace or add to those of any backend written in JavaScript, made of other kernels of that backend. */
export const portableKernel = kernelsOf<JavascriptBackend>()

/** Runs kernels below the tape and the tidy scopes, and frees every result but the one that `f` returns. */
export function compose(
  backendName: string,
  backend: JavascriptBackend,
  f: (run: Run) => tf.TensorInfo,
): tf.TensorInfo {
  const made: tf.TensorInfo[] = []
  const run: Run = (name, inputs, attrs = {}) => {
    const { kernelFunc } = tf.getKernel(name, backendName)
    const out = kernelFunc({ inputs: { ...inputs }, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo
    made.push(out)
    return out
  }
  let result: tf.TensorInfo | undefined
  try {
    result = f(run)
    return result
  } finally {
    for (const info of made) if (info !== result) backend.disposeData(info.dataId)
  }
}
