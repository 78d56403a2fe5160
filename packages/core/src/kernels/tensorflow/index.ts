import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../../errors.ts'
import { avgPool } from './avg-pool.ts'
import { batchNormTraining, batchNormTrainingDerivative, batchNormTrainingGradient } from './batch-norm.ts'
import { cast } from './cast.ts'
import { channelAdd, reluGradient } from './channel-kernels.ts'
import { explicitPaddingKernels } from './explicit-padding.ts'
import type { TensorflowKernel } from './kernel.ts'

/** The version of tfjs-node whose backend these were checked against; they use its internals. */
export const TFJS_NODE_VERSION = '4.22.0'

/** Every kernel that the tensorflow backend gets from here. Adding one is its file and a line in this list. */
export const tensorflowKernels: readonly TensorflowKernel[] = [
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
]

const repaired = new WeakSet<object>()

function install({ name, create }: TensorflowKernel): void {
  const stock = tf.getKernel(name, 'tensorflow') as tf.KernelConfig | undefined
  if (stock !== undefined && repaired.has(stock)) return
  const replacement: tf.KernelConfig = {
    ...stock,
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc: create(stock?.kernelFunc),
  }
  if (stock !== undefined) tf.unregisterKernel(name, 'tensorflow')
  tf.registerKernel(replacement)
  repaired.add(replacement)
}

/**
 * Adds and replaces kernels of the tensorflow backend; doing it twice changes nothing.
 *
 * @param version of tfjs-node: the kernels use its internals, so they refuse a version they do not know
 * @throws GpdError `backend.unsupported` for another version
 */
export function installTensorflowKernels(version: string): void {
  if (version !== TFJS_NODE_VERSION) {
    throw new GpdError(
      'backend.unsupported',
      `tensorflow: expected @tensorflow/tfjs-node ${TFJS_NODE_VERSION}, found ${version}.`,
      `Install it: npm install @tensorflow/tfjs-node@${TFJS_NODE_VERSION}.`,
    )
  }
  tensorflowKernels.forEach(install)
  if (tf.getGradient(batchNormTraining.name) === undefined) tf.registerGradient(batchNormTrainingDerivative)
}
