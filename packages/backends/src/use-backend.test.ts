import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { isGpdError } from '@gpdjs/core'
import type { BackendChoice } from './adapters/adapter.ts'
import { tensorflow } from './adapters/tensorflow.ts'
import { backendNames, useBackend } from './use-backend.ts'

const failure = async (choice: string) => {
  const error: unknown = await useBackend(choice as BackendChoice).catch((thrown: unknown) => thrown)
  if (!isGpdError(error)) throw new Error(`expected a GpdError, got ${String(error)}`)
  return error
}

describe('useBackend', () => {
  it('makes the requested backend the current one', async () => {
    for (const name of ['cpu', 'wasm'] as const) {
      const report = await useBackend(name)
      expect(report).toMatchObject({ name, reason: `${name} because it was asked for.`, tried: [] })
      expect(report.version).toContain('4.22.0')
      expect(tf.getBackend()).toBe(name)
      expect(await tf.sum([1, 2, 3]).data()).toEqual(new Float32Array([6]))
    }
  })

  it('finds the best that works, and reports why the better ones do not', async () => {
    const report = await useBackend('auto')
    const better = backendNames.slice(1, backendNames.indexOf(report.name))
    expect(report.tried.map(({ name }) => name)).toEqual(better)
    for (const { name, problem } of report.tried)
      expect(problem).toMatch(name === 'tensorflow' ? /linked/ : /not installed|not load/)
    for (const name of better) expect(report.reason).toContain(name)
    expect(tf.getBackend()).toBe(report.name)
  })

  it('switches back and forth without installing its kernels twice', async () => {
    await useBackend('wasm')
    const kernel = tf.getKernel('BatchMatMul', 'wasm')
    const gradient = tf.getGradient('AvgPool')
    await useBackend('cpu')
    await useBackend('wasm')
    expect(tf.getKernel('BatchMatMul', 'wasm')).toBe(kernel)
    expect(tf.getGradient('AvgPool')).toBe(gradient)
    expect(tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0])).toBe(11)
  })

  it('suggests the name that was meant', async () => {
    const error = await failure('wsam')
    expect(error.code).toBe('backend.unknown')
    expect(error.fix).toContain("Did you mean 'wasm'? Known: auto, cpu, tensorflow, wasm, webgpu.")
  })

  it('gives the command that installs what is missing', async () => {
    const isThere = await tensorflow.load().then(
      () => true,
      () => false,
    )
    if (isThere) return
    const error = await failure('tensorflow')
    expect(error.code).toBe('backend.missing')
    expect(error.fix).toContain(tensorflow.install)
  })
})
