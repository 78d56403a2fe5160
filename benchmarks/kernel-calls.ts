import * as tf from '@tensorflow/tfjs'
import { sizeOf } from '@gpdjs/core'
import { flopsOf, isProduct } from './flops.ts'

type KernelParams = Parameters<tf.KernelFunc>[0]
type KernelResult = ReturnType<tf.KernelFunc>

/** All calls of one kernel. */
export interface KernelTotals {
  calls: number
  milliseconds: number
  /** Of inputs and outputs. */
  bytes: number
  /** Of products and convolutions; 0 for everything else. */
  flops: number
}

export interface KernelCalls {
  /** Of what has run since `reset`, by kernel. */
  readonly totals: ReadonlyMap<string, KernelTotals>
  reset(): void
  /** Puts the kernels back as they were. */
  stop(): void
}

/** Inputs that a kernel can do without are left out as null or undefined. */
const bytesOf = (tensors: readonly (tf.TensorInfo | null | undefined)[]): number =>
  tensors.reduce((sum, tensor) => sum + (tensor ? 4 * sizeOf(tensor.shape) : 0), 0)

/**
 * Watches every kernel of a backend until it is stopped. Kernels call other kernels: time, bytes and calls belong to the
 * outermost one, and operations are counted once, by the first one on the way in that is a product.
 */
export function watchKernels(backend: string): KernelCalls {
  const totals = new Map<string, KernelTotals>()
  let outermost: KernelTotals | undefined
  let insideProduct = false

  /** Calls a kernel that another one has called, or the outermost one itself. */
  function counted({ kernelName, kernelFunc }: tf.KernelConfig, params: KernelParams, row: KernelTotals): KernelResult {
    if (insideProduct || !isProduct(kernelName)) return kernelFunc(params)
    insideProduct = true
    try {
      const result = kernelFunc(params)
      row.flops += flopsOf(kernelName, params, [result].flat()[0]!)
      return result
    } finally {
      insideProduct = false
    }
  }

  function timed(config: tf.KernelConfig, params: KernelParams): KernelResult {
    const row = totals.get(config.kernelName) ?? { calls: 0, milliseconds: 0, bytes: 0, flops: 0 }
    totals.set(config.kernelName, row)
    outermost = row
    const began = performance.now()
    try {
      const result = counted(config, params, row)
      row.bytes += bytesOf(Object.values(params.inputs).flat()) + bytesOf([result].flat())
      return result
    } finally {
      outermost = undefined
      row.calls++
      row.milliseconds += performance.now() - began
    }
  }

  const replace = (configs: readonly tf.KernelConfig[]) => {
    for (const config of configs) {
      tf.unregisterKernel(config.kernelName, backend)
      tf.registerKernel(config)
    }
  }
  const originals = tf.getKernelsForBackend(backend)
  const watched = (config: tf.KernelConfig): tf.KernelConfig => ({
    ...config,
    kernelFunc: (params) => (outermost === undefined ? timed(config, params) : counted(config, params, outermost)),
  })
  replace(originals.map(watched))
  return { totals, reset: () => totals.clear(), stop: () => replace(originals) }
}
