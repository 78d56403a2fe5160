import * as tf from '@tensorflow/tfjs'
import { checkVersion } from '../check-version.ts'
import { givenAttributes } from '../given.ts'
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
import { conv3dBackpropInput } from './transposed-volume.ts'
import { depthToSpace, diag, flipLeftRight, gather, gatherNd, mirrorPad, stridedSlice, topK } from './selections.ts'

/** Every gradient of tfjs-core that is replaced or added. */
export const gradientRepairs: readonly GradientRepair[] = [
  avgPool,
  avgPool3d,
  batchMatMul,
  ...comparisons,
  conv3dBackpropInput,
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

function install({ kernel, problem: _, create, ...saved }: GradientRepair): void {
  const stock = tf.getGradient(kernel) as ReturnType<typeof tf.getGradient> | undefined
  if (stock !== undefined && repaired.has(stock)) return
  const gradient = create(stock?.gradFunc)
  const gradFunc: typeof gradient = (dy, tensors, attrs) => gradient(dy, tensors, givenAttributes(attrs))
  const replacement = { ...stock, ...saved, kernelName: kernel, gradFunc }
  tf.registerGradient(replacement)
  repaired.add(replacement)
}

/**
 * Replaces and adds the gradients of tfjs-core 4.22 that are wrong or missing on every backend. Those that stay missing
 * then throw an error that names a way around them. Doing it twice changes nothing.
 *
 * @param version of tfjs-core: the gradients depend on what its kernels save, so any other version is refused
 * @throws GpdError `backend.unsupported` for another version
 */
export function repairGradients(version: string = tf.version['tfjs-core']): void {
  checkVersion('gradients', '@tensorflow/tfjs', version)
  gradientRepairs.forEach(install)
  refusedGradients.map(refusal).forEach(install)
}
