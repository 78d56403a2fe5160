import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../../errors.ts'
import { avgPool, avgPool3d } from './avg-pool.ts'
import { batchMatMul, maximum, minimum, prelu, squaredDifference } from './broadcasting.ts'
import { comparisons } from './comparisons.ts'
import { cumprod, cumsum } from './cumulate.ts'
import { dilatedConv2d, dilatedConv3d, dilatedDepthwise } from './dilation.ts'
import { einsum } from './einsum.ts'
import type { GradientRepair } from './gradient-repair.ts'
import { splitV, unpack } from './lists.ts'
import { refusal, refusedGradients } from './refused.ts'
import { resizeBilinear, resizeNearestNeighbor } from './resize.ts'
import { scatterNd, tensorScatterUpdate } from './scatter.ts'
import { depthToSpace, diag, flipLeftRight, gather, gatherNd, mirrorPad, stridedSlice, topK } from './selections.ts'

/** The version of tfjs-core whose gradients these replace. */
export const CORE_VERSION = '4.22.0'

/** Every gradient of tfjs-core that is replaced or added. */
export const gradientRepairs: readonly GradientRepair[] = [
  avgPool,
  avgPool3d,
  batchMatMul,
  ...comparisons,
  cumprod,
  cumsum,
  depthToSpace,
  diag,
  dilatedConv2d,
  dilatedConv3d,
  dilatedDepthwise,
  einsum,
  flipLeftRight,
  gather,
  gatherNd,
  maximum,
  minimum,
  mirrorPad,
  prelu,
  resizeBilinear,
  resizeNearestNeighbor,
  scatterNd,
  splitV,
  squaredDifference,
  stridedSlice,
  tensorScatterUpdate,
  topK,
  unpack,
]

const repaired = new WeakSet<object>()

function install({ kernel, repairs: _, create, ...saved }: GradientRepair): void {
  const stock = tf.getGradient(kernel) as ReturnType<typeof tf.getGradient> | undefined
  if (stock !== undefined && repaired.has(stock)) return
  const replacement = { ...stock, ...saved, kernelName: kernel, gradFunc: create(stock?.gradFunc) }
  tf.registerGradient(replacement)
  repaired.add(replacement)
}

/**
 * Replaces and adds the gradients of tfjs-core 4.22 that are wrong or missing on every backend, and lets the others that
 * are missing say so; doing it twice changes nothing.
 *
 * @param version of tfjs-core: gradients get what its kernels save, so a version that is not known is refused
 * @throws GpdError `backend.unsupported` for another version
 */
export function repairGradients(version: string = tf.version['tfjs-core']): void {
  if (version !== CORE_VERSION) {
    throw new GpdError(
      'backend.unsupported',
      `The gradients of tfjs-core ${version} are not known: expected ${CORE_VERSION}.`,
      `Install it: npm install @tensorflow/tfjs@${CORE_VERSION}.`,
    )
  }
  gradientRepairs.forEach(install)
  refusedGradients.map(refusal).forEach(install)
}
