import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { activate } from './activate.ts'
import type { BackendAdapter, LoadedBackend } from './adapter.ts'
import { importOptional } from './import-optional.ts'

/** TensorFlow bindings, best first: the package and what it is. */
const BINDINGS = [
  { name: '@tensorflow/tfjs-node-gpu', description: 'compiled TensorFlow with CUDA' },
  { name: '@tensorflow/tfjs-node', description: 'compiled TensorFlow' },
] as const

interface NodeBinding {
  readonly version: { readonly 'tfjs-core': string; readonly 'tfjs-node'?: string }
}

async function loadBinding({ name, description }: (typeof BINDINGS)[number]): Promise<LoadedBackend> {
  const binding = await importOptional<NodeBinding>(name)
  const [theirs, ours] = [binding.version['tfjs-core'], tf.version['tfjs-core']]
  // All copies of tfjs-core share one engine and one registry of kernels, which suits equal versions only.
  if (theirs !== ours) {
    throw new GpdError(
      'backend.unsupported',
      `${name} is built for tfjs-core ${theirs}, but ${ours} is in use.`,
      `Install it for ${ours}: npm install ${name}@${ours}.`,
    )
  }
  await activate('tensorflow')
  return { version: `${name} ${binding.version['tfjs-node'] ?? binding.version['tfjs-core']}`, description }
}

/** Compiled TensorFlow, through whichever of its two bindings is installed; the fastest in Node. */
export const tensorflow: BackendAdapter = {
  name: 'tensorflow',
  install: 'npm install @tensorflow/tfjs-node@4.22.0',
  async load() {
    const problems: string[] = []
    for (const binding of BINDINGS) {
      try {
        return await loadBinding(binding)
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error))
      }
    }
    throw new Error(problems.join('; '))
  },
}
