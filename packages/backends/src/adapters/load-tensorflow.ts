import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { guardTensorflow } from '../kernels/tensorflow/guards.ts'
import { installTensorflowKernels } from '../kernels/tensorflow/index.ts'
import { activate } from './activate.ts'
import type { LoadedBackend } from './adapter.ts'
import { importOptional } from './import-optional.ts'
import { registerLinkedTensorflow } from './linked-tensorflow.ts'
import { restoreNodeUtilities } from './node-utilities.ts'

interface NodeBinding {
  readonly version: { readonly 'tfjs-core': string; readonly 'tfjs-node'?: string }
  readonly engine: () => unknown
}

async function registerPackage(name: string): Promise<{ version: string; binding: string }> {
  restoreNodeUtilities()
  const binding = await importOptional<NodeBinding>(name)
  // Tensors of another copy of tfjs-core would be invisible to ours.
  if (binding.engine() !== tf.engine()) {
    throw new GpdError(
      'backend.unsupported',
      `${name} brought a second copy of tfjs-core (${binding.version['tfjs-core']}; in use: ${tf.version['tfjs-core']}).`,
      'Install equal versions of @tensorflow/tfjs and of the binding.',
    )
  }
  const version = binding.version['tfjs-node'] ?? binding.version['tfjs-core']
  return { version: `${name} ${version}`, binding: version }
}

interface Binding {
  /** Completes "… because it is ". */
  readonly description: string
  /** Registers the backend; returns the binding in use and its version of tfjs-node. */
  register(): Promise<{ version: string; binding: string; operations?: number }>
}

/** Ways to TensorFlow, best first. */
const BINDINGS: readonly Binding[] = [
  { description: 'compiled TensorFlow, as linked', register: registerLinkedTensorflow },
  { description: 'compiled TensorFlow with CUDA', register: () => registerPackage('@tensorflow/tfjs-node-gpu') },
  { description: 'compiled TensorFlow', register: () => registerPackage('@tensorflow/tfjs-node') },
]

async function load({ description, register }: Binding): Promise<LoadedBackend> {
  const { version, binding, operations } = await register()
  // First what TensorFlow gets wrong, so that our own kernels, which are in front, need not pay for it.
  guardTensorflow()
  installTensorflowKernels(binding, operations)
  await activate('tensorflow')
  return { version, description }
}

/**
 * Registers the best binding that is there, with its guards and kernels, and makes it the current backend.
 *
 * @throws Error naming what is wrong with each of them
 */
export async function loadTensorflow(): Promise<LoadedBackend> {
  const problems: string[] = []
  for (const binding of BINDINGS) {
    try {
      return await load(binding)
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(problems.join('; '))
}
