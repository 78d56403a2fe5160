import * as tf from '@tensorflow/tfjs'
import { checkVersion } from '../check-version.ts'
import { batchMatMul } from '../portable/batch-mat-mul.ts'
import { einsum } from '../portable/einsum.ts'
import { stridedSlice } from '../portable/strided-slice.ts'
import { replaceKernel } from '../replace-kernel.ts'
import type { Kernel } from '../kernel.ts'
import { maxPool3dGrad } from './max-pool-3d-grad.ts'
import { tensorScatterUpdate } from './tensor-scatter-update.ts'

/** Every kernel that the cpu backend gets from here. Adding one is its file and a line in this list. */
export const cpuKernels: readonly Kernel[] = [batchMatMul, einsum, maxPool3dGrad, stridedSlice, tensorScatterUpdate]

/**
 * Replaces kernels of the cpu backend, which other backends are compared with; doing it twice changes nothing.
 *
 * @param version of @tensorflow/tfjs-core, which the cpu backend needs to be its own
 * @throws GpdError `backend.unsupported` for another version
 */
export function repairCpuKernels(version: string = tf.version['tfjs-core']): void {
  checkVersion('cpu', '@tensorflow/tfjs', version)
  for (const { name, create } of cpuKernels) replaceKernel('cpu', name, (stock) => create(stock, 'cpu'))
}
