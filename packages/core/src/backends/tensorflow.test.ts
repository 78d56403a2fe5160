import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { importOptional } from './import-optional.ts'
import { tensorflow } from './tensorflow.ts'

vi.mock('./import-optional.ts')

const binding = (core: string) => ({ version: { 'tfjs-core': core, 'tfjs-node': core } })
const packages = (installed: Readonly<Record<string, object>>) =>
  vi.mocked(importOptional).mockImplementation(async (name) => {
    if (installed[name] === undefined) throw new Error(`Cannot find package '${name}'`)
    return installed[name] as never
  })

describe('the TensorFlow backend', () => {
  // What importing a real binding does: it registers a backend named 'tensorflow'.
  beforeAll(() => void tf.registerBackend('tensorflow', () => tf.findBackendFactory('cpu')()))
  afterEach(() => vi.mocked(importOptional).mockReset())

  it('prefers the binding with CUDA', async () => {
    packages({ '@tensorflow/tfjs-node': binding('4.22.0'), '@tensorflow/tfjs-node-gpu': binding('4.22.0') })
    expect(await tensorflow.load()).toEqual({
      version: '@tensorflow/tfjs-node-gpu 4.22.0',
      description: 'compiled TensorFlow with CUDA',
    })
    expect(tf.getBackend()).toBe('tensorflow')
  })

  it('takes the one without CUDA if only that is installed', async () => {
    packages({ '@tensorflow/tfjs-node': binding('4.22.0') })
    expect(await tensorflow.load()).toEqual({
      version: '@tensorflow/tfjs-node 4.22.0',
      description: 'compiled TensorFlow',
    })
  })

  it('refuses a binding for another tfjs-core, and names what it tried', async () => {
    packages({ '@tensorflow/tfjs-node': binding('4.20.0') })
    const problem = await tensorflow.load().catch((error: Error) => error.message)
    expect(problem).toContain("Cannot find package '@tensorflow/tfjs-node-gpu'")
    expect(problem).toContain('@tensorflow/tfjs-node is built for tfjs-core 4.20.0, but 4.22.0 is in use.')
    expect(problem).toContain('npm install @tensorflow/tfjs-node@4.22.0')
  })
})
