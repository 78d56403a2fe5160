import * as tf from '@tensorflow/tfjs'
import { checkVersion } from '../check-version.ts'
import { withGiven } from '../given.ts'
import { avgPool } from './avg-pool.ts'
import { batchNormTraining, batchNormTrainingDerivative, batchNormTrainingGradient } from './batch-norm.ts'
import { cast } from './cast.ts'
import { channelAdd, reluGradient } from './channel-kernels.ts'
import { explicitPaddingKernels } from './explicit-padding.ts'
import type { TensorflowKernel } from './kernel.ts'
import { filterSum, filterSumGradient } from './filter-sum.ts'
import { gatherAxis } from './gather.ts'
import { gelu, geluGradient } from './gelu.ts'
import { layerNorm, layerNormGradient } from './layer-norm.ts'
import { leadingBlocks, leadingBlocksDerivative, leadingBlocksGradient } from './leading-blocks.ts'
import { matrixProduct } from './matrix-product.ts'
import { batchNormBlock, batchNormBlockDerivative, batchNormBlockGradient } from './batch-norm-block.ts'
import { product, productGradient } from './product.ts'
import { reshape, reshapeToItself } from './reshape.ts'
import { singleTapFilterGradients } from './single-tap-filter-gradient.ts'
import { stridedKernels } from './strided-convolution.ts'
import { adamUpdate, globalNorm, momentumUpdate } from './updates.ts'
import { winogradKernels } from './winograd.ts'

/** `kInterfaceVersion` of the operations in `native/` that the kernels here call. */
const OPERATIONS_VERSION = 3

/** The stock kernels that give wrong numbers, or none. */
export const wrongKernels: readonly TensorflowKernel[] = [gatherAxis, ...singleTapFilterGradients]

/** Every kernel that the tensorflow backend gets from here. Adding one is its file and a line in this list. */
export const tensorflowKernels: readonly TensorflowKernel[] = [
  // wrong: first, so that calls which our own kernels take do not go through these
  ...wrongKernels,
  // missing
  avgPool,
  ...explicitPaddingKernels,
  // slow
  cast,
  // in fewer passes: see extra-kernels.ts
  batchNormTraining,
  batchNormTrainingGradient,
  channelAdd,
  reluGradient,
  // by operations of our own: in fewer multiplications, in fewer passes over memory, in fewer calls
  ...stridedKernels,
  ...winogradKernels,
  matrixProduct,
  reshape,
  batchNormBlock,
  batchNormBlockGradient,
  layerNorm,
  layerNormGradient,
  gelu,
  geluGradient,
  filterSum,
  filterSumGradient,
  product,
  productGradient,
  globalNorm,
  momentumUpdate,
  adamUpdate,
  leadingBlocks,
  leadingBlocksGradient,
  // slow, own or not
  reshapeToItself,
]

/** What each registered kernel was made with. */
const madeWith = new WeakMap<object, readonly TensorflowKernel[]>()

function install(kernel: TensorflowKernel): void {
  const { name, create } = kernel
  const stock = tf.getKernel(name, 'tensorflow') as tf.KernelConfig | undefined
  const earlier = (stock && madeWith.get(stock)) ?? []
  if (earlier.includes(kernel)) return
  const replacement: tf.KernelConfig = {
    ...stock,
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc: withGiven(create(stock?.kernelFunc, 'tensorflow')),
  }
  if (stock !== undefined) tf.unregisterKernel(name, 'tensorflow')
  tf.registerKernel(replacement)
  madeWith.set(replacement, [...earlier, kernel])
}

/**
 * Adds and replaces kernels of the tensorflow backend; doing it twice changes nothing.
 *
 * @param version of tfjs-node: the kernels use its internals, so any other version than the one above is refused
 * @param operations version of the project's own operations that TensorFlow was linked with; others are not used
 * @throws GpdError `backend.unsupported` for another version
 */
export function installTensorflowKernels(version: string, operations?: number): void {
  checkVersion('tensorflow', '@tensorflow/tfjs-node', version)
  for (const kernel of tensorflowKernels)
    if (!kernel.needsOwnOperations || operations === OPERATIONS_VERSION) install(kernel)
  for (const derivative of [batchNormTrainingDerivative, batchNormBlockDerivative, leadingBlocksDerivative])
    if (tf.getGradient(derivative.kernelName) === undefined) tf.registerGradient(derivative)
}
