import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { guardTensorflow } from '../kernels/tensorflow/guards.ts'
import { installTensorflowKernels } from '../kernels/tensorflow/index.ts'
import { activate } from './activate.ts'
import type { BackendAdapter, LoadedBackend } from './adapter.ts'
import { importOptional } from './import-optional.ts'
import { registerLinkedTensorflow } from './linked-tensorflow.ts'
import { isNode } from './runtime.ts'

interface NodeBinding {
  readonly version: { readonly 'tfjs-core': string; readonly 'tfjs-node'?: string }
  readonly engine: () => unknown
}

/** Node 23 removed these functions, and tfjs-node 4.22 calls them. */
async function restoreNodeUtilities(): Promise<void> {
  const util = await importOptional<Record<string, unknown>>('node:util')
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  util['isArray'] ??= Array.isArray
}

async function registerPackage(name: string): Promise<{ version: string; binding: string }> {
  await restoreNodeUtilities()
  const binding = await importOptional<NodeBinding>(name)
  // Two copies of tfjs-core cannot use each other's tensors.
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
  /** Registers the backend; returns what provides it, and the version of tfjs-node. */
  register(): Promise<{ version: string; binding: string; operations?: number }>
}

/** Where compiled TensorFlow may come from, the best first. */
const BINDINGS: readonly Binding[] = [
  { description: 'compiled TensorFlow, as linked', register: registerLinkedTensorflow },
  { description: 'compiled TensorFlow with CUDA', register: () => registerPackage('@tensorflow/tfjs-node-gpu') },
  { description: 'compiled TensorFlow', register: () => registerPackage('@tensorflow/tfjs-node') },
]

async function load({ description, register }: Binding): Promise<LoadedBackend> {
  const { version, binding, operations } = await register()
  guardTensorflow()
  installTensorflowKernels(binding, operations)
  await activate('tensorflow')
  return { version, description }
}

/** Compiled TensorFlow: the one that was linked, or the npm package with a downloaded one; the fastest in Node. */
export const tensorflow: BackendAdapter = {
  name: 'tensorflow',
  install: 'gpd native install',
  async load() {
    if (!isNode()) {
      throw new GpdError(
        'backend.unsupported',
        'tensorflow: expected Node, found a browser.',
        "Use the backend 'auto'.",
      )
    }
    const problems: string[] = []
    for (const binding of BINDINGS) {
      try {
        return await load(binding)
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error))
      }
    }
    throw new Error(problems.join('; '))
  },
}
