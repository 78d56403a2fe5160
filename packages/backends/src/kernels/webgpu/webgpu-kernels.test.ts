import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { activate } from '../../adapters/activate.ts'
import { findAdapter, findGpu } from '../../adapters/gpu.ts'
import { useBackend } from '../../use-backend.ts'
import { conformanceCases } from '../../conformance/all.cases.ts'
import { evaluate, evaluateAll, largestError, type Evaluation } from '../../conformance/conformance.runner.ts'
import { repairGradients } from '../gradients/index.ts'
import { repairWebgpuBackend, webgpuKernels } from './index.ts'

const problem = await findGpu()
  .then(findAdapter)
  .then(
    () => undefined,
    (error: Error) => error.message,
  )
if (problem !== undefined) console.warn(`skipped: ${problem}`)

it('an unknown version is refused', () => {
  expect(() => repairWebgpuBackend('4.23.0')).toThrow('expected @tensorflow/tfjs 4.22.0, found 4.23.0')
})

it('each repair has cases that show it to be needed', () => {
  const named = new Set(
    conformanceCases.flatMap(({ fails = [] }) => fails).filter((name) => name.startsWith('webgpu ')),
  )
  expect([...named].sort()).toEqual(webgpuKernels.map(({ name }) => `webgpu ${name}`).sort())
})

describe.skipIf(problem !== undefined)('the webgpu kernels', () => {
  const cases = conformanceCases.filter(({ fails }) => fails?.some((name) => name.startsWith('webgpu ')))
  let references: ReadonlyMap<string, Evaluation>

  beforeAll(async () => {
    await useBackend('cpu')
    references = await evaluateAll(cases)
    await import('@tensorflow/tfjs-backend-webgpu')
    tf.env().set('WEBGPU_CPU_FORWARD', false)
    await activate('webgpu')
    repairGradients()
  })

  // In this order: nothing is repaired yet. A shader that is used again for another length is right the first time.
  it.each(webgpuKernels)('without its repair $name $problem', async ({ name }) => {
    const errors: number[] = []
    for (const subject of cases.filter(({ fails }) => fails?.includes(`webgpu ${name}`)))
      errors.push(await largestError(subject, references.get(subject.name)!))
    expect(Math.max(...errors)).toBeGreaterThan(1e-2)
  })

  it('are right afterwards', async () => {
    repairWebgpuBackend(tf.version['tfjs-core'])
    for (const subject of cases)
      expect(await largestError(subject, references.get(subject.name)!), subject.name).toBeLessThan(1e-5)
  })

  it('cannot be read synchronously: an error with the fix', async () => {
    const sum = tf.add(tf.ones([2]), 1)
    expect(() => sum.dataSync()).toThrow('Read with `await tensor.data()`')
    expect(await sum.data()).toEqual(Float32Array.of(2, 2))
    sum.dispose()
  })

  it('refuse a tensor beyond the limit of the adapter', () => {
    const before = tf.memory().numTensors
    expect(() => tf.tidy(() => tf.zeros([2 ** 15, 2 ** 15]).add(1))).toThrow('takes 4096 MiB')
    expect(tf.memory().numTensors).toBe(before)
  })

  it('leave an evaluation as it was', async () => {
    const [subject] = cases
    expect(await evaluate(subject!)).toEqual(await evaluate(subject!))
  })
})
