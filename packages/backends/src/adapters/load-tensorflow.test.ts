import * as tf from '@tensorflow/tfjs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { importOptional } from './import-optional.ts'
import { loadTensorflow } from './load-tensorflow.ts'

vi.mock('./import-optional.ts')

const binding = (core: string) => ({ version: { 'tfjs-core': core, 'tfjs-node': core }, engine: tf.engine })
const packages = (installed: Readonly<Record<string, object>>) =>
  vi.mocked(importOptional).mockImplementation(async (name) => {
    if (installed[name] === undefined) throw new Error(`Cannot find package '${name}'`)
    return installed[name] as never
  })

describe('the TensorFlow backend', () => {
  // What importing a real binding does: it registers a backend named 'tensorflow'.
  beforeAll(() => void tf.registerBackend('tensorflow', () => tf.findBackendFactory('cpu')()))
  // Whatever is linked on this machine is none of this file's business.
  beforeAll(() => void vi.stubEnv('GPD_CACHE', '/nowhere'))
  afterAll(() => void vi.unstubAllEnvs())
  afterEach(() => vi.mocked(importOptional).mockReset())

  it('prefers the binding with CUDA', async () => {
    packages({ '@tensorflow/tfjs-node': binding('4.22.0'), '@tensorflow/tfjs-node-gpu': binding('4.22.0') })
    expect(await loadTensorflow()).toEqual({
      version: '@tensorflow/tfjs-node-gpu 4.22.0',
      description: 'compiled TensorFlow with CUDA',
    })
    expect(tf.getBackend()).toBe('tensorflow')
  })

  it('takes the one without CUDA if only that is installed', async () => {
    packages({ '@tensorflow/tfjs-node': binding('4.22.0') })
    expect(await loadTensorflow()).toEqual({
      version: '@tensorflow/tfjs-node 4.22.0',
      description: 'compiled TensorFlow',
    })
  })

  it('names every package that it tried', async () => {
    packages({})
    const problem = await loadTensorflow().catch((error: Error) => error.message)
    for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
      expect(problem).toContain(`Cannot find package '${name}'`)
    }
  })
})
