import * as tf from '@tensorflow/tfjs'
import { checkVersion } from '../check-version.ts'
import type { Kernel } from '../kernel.ts'
import { batchMatMul } from '../portable/batch-mat-mul.ts'
import { einsum } from '../portable/einsum.ts'
import { stridedSlice } from '../portable/strided-slice.ts'
import { replaceKernel } from '../replace-kernel.ts'
import { addN } from './add-n.ts'
import { cumprod, cumsum } from './cumulate.ts'
import { guard } from './guards.ts'
import { topK } from './top-k.ts'
import type { WebgpuBackend } from './webgpu-backend.ts'

/** Every kernel that the webgpu backend gets from here. Adding one is its file and a line in this list. */
export const webgpuKernels: readonly Kernel[] = [addN, batchMatMul, cumprod, cumsum, einsum, stridedSlice, topK]

const guarded = new WeakSet<object>()

/**
 * Replaces kernels of the webgpu backend, which must be the current one, and makes it throw where it would fail silently;
 * doing it twice changes nothing.
 *
 * @param version of tfjs-core, which tfjs-backend-webgpu needs to be its own
 * @throws GpdError `backend.unsupported` for another version
 */
export function repairWebgpuBackend(version: string): void {
  checkVersion('webgpu', '@tensorflow/tfjs', version)
  for (const { name, create } of webgpuKernels) replaceKernel('webgpu', name, (stock) => create(stock, 'webgpu'))
  const backend = tf.backend() as WebgpuBackend
  if (guarded.has(backend)) return
  guard(backend)
  guarded.add(backend)
}
