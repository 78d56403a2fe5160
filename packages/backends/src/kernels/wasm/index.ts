import * as tf from '@tensorflow/tfjs'
import { checkVersion } from '../check-version.ts'
import { replaceKernel } from '../replace-kernel.ts'
import { guardAllocation } from './allocation.ts'
import { batchMatMul } from './batch-mat-mul.ts'
import { batchNormGradient } from './batch-norm-gradient.ts'
import { channelAdd, channelAffine, channelMoments } from './channel-kernels.ts'
import { conv2d } from './conv2d.ts'
import { conv2dBackpropFilter } from './conv2d-backprop-filter.ts'
import { conv2dBackpropInput } from './conv2d-backprop-input.ts'
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.ts'
import { depthwiseBackpropInput } from './depthwise-backprop-input.ts'
import { fusedMatMul } from './fused-mat-mul.ts'
import { gelu, geluGradient } from './gelu.ts'
import { identity } from './identity.ts'
import type { WasmKernel } from './kernel.ts'
import { maxPoolGrad } from './max-pool-grad.ts'
import { oneHot } from './one-hot.ts'
import { portableKernels } from './portable.ts'
import { reluGradient } from './relu-gradient.ts'
import { compileSimd, simd } from './simd/module.ts'
import { slice, split, unpack } from './slice.ts'
import { spatialMeanGradient } from './spatial-mean-gradient.ts'
import { mean, sum } from './sum.ts'
import { transpose } from './transpose.ts'
import { unsortedSegmentSum } from './unsorted-segment-sum.ts'
import { globalNorm, momentumUpdate } from './updates.ts'
import { kernelsViaCpu } from './via-cpu.ts'
import type { WasmBackend } from './wasm-backend.ts'

/** Every kernel that the wasm backend gets from here. Adding one is its file and a line in this list. */
export const wasmKernels: readonly WasmKernel[] = [
  batchMatMul,
  batchNormGradient,
  channelAdd,
  channelAffine,
  channelMoments,
  conv2d,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  fusedMatMul,
  gelu,
  geluGradient,
  globalNorm,
  identity,
  maxPoolGrad,
  mean,
  momentumUpdate,
  oneHot,
  reluGradient,
  slice,
  spatialMeanGradient,
  split,
  sum,
  transpose,
  unpack,
  unsortedSegmentSum,
  ...kernelsViaCpu,
  ...portableKernels,
]

function install({ name, create }: WasmKernel): void {
  replaceKernel('wasm', name, (stock) => create(stock, 'wasm'))
}

/**
 * Adds and replaces kernels of the wasm backend, which must be the current one; doing it twice changes nothing.
 *
 * @param version of tfjs-backend-wasm: the kernels use its internals, so any other version than the one above is refused
 * @throws GpdError `backend.unsupported` for another version, on an engine without WebAssembly SIMD, or if the backend
 *   was started with threads; `backend.out-of-memory` if it has run out of memory before
 */
export async function repairWasmKernels(version: string): Promise<void> {
  checkVersion('wasm', '@tensorflow/tfjs-backend-wasm', version)
  await compileSimd()
  const backend = tf.backend() as tf.KernelBackend & WasmBackend
  simd(backend) // fails here rather than in the first kernel
  guardAllocation(backend)
  wasmKernels.forEach(install)
}
