import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { registerLinkedTensorflow } from './linked-tensorflow.ts'
import { loadTensorflow } from './load-tensorflow.ts'

let cache: string

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'gpd-link-'))
  vi.stubEnv('GPD_CACHE', cache)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true })
})

async function write(path: string, text: string): Promise<void> {
  const file = join(cache, 'native', path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

const point = (folder: string) => write('current.json', JSON.stringify({ folder }))

const LOADER = `
exports.version = 'TensorFlow 9.9'
exports.binding = '4.22.0'
exports.register = (tf) => { globalThis.gpdSeen = tf }
`

describe('registerLinkedTensorflow', () => {
  it('fails with an error if nothing is linked', async () => {
    await expect(registerLinkedTensorflow()).rejects.toThrow('no TensorFlow is linked')
  })

  it.each(['', '{"folder"', '{}', 'null'])('takes %j in current.json for no link', async (text) => {
    await write('current.json', text)
    await expect(registerLinkedTensorflow()).rejects.toThrow('no TensorFlow is linked')
  })

  it('gives the binding the TensorFlow.js of the application, whose engine is the one in use', async () => {
    await point('links/one')
    await write('links/one/load.cjs', LOADER)
    expect(await registerLinkedTensorflow()).toEqual({ version: 'TensorFlow 9.9', binding: '4.22.0' })
    const seen = (globalThis as unknown as { gpdSeen: typeof tf }).gpdSeen
    expect(seen.engine()).toBe(tf.engine())
    // Kernels of the binding take these from it.
    for (const name of [
      'KernelBackend',
      'DataStorage',
      'registerKernel',
      'backend_util',
      'tensor1d',
      'FusedBatchNorm',
    ] as const)
      expect(seen[name], name).toBeDefined()
  })

  it('names the problem and the command to look at it when the link does not load', async () => {
    await point('links/gone')
    await expect(registerLinkedTensorflow()).rejects.toThrow(
      /does not load \(Cannot find module .*\); run gpd native status/,
    )
  })

  it('refuses a link of another version of the binding, for which the kernels are not written', async () => {
    await point('links/old')
    await write(
      'links/old/load.cjs',
      LOADER.replace('4.22.0', '4.10.0').replace(
        /exports.register = .*/,
        "exports.register = (tf) => tf.registerBackend('tensorflow', () => new (class extends tf.KernelBackend {})())",
      ),
    )
    await expect(loadTensorflow()).rejects.toThrow('expected @tensorflow/tfjs-node 4.22.0, found 4.10.0')
    expect(tf.getBackend()).not.toBe('tensorflow')
  })
})
