import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { activate } from '../../adapters/activate.ts'
import { registerLinkedTensorflow } from '../../adapters/linked-tensorflow.ts'
import { conformanceCases } from '../../conformance/all.cases.ts'
import { evaluateAll, largestError, type Evaluation } from '../../conformance/conformance.runner.ts'
import { repairCpuKernels } from '../cpu/index.ts'
import { repairGradients } from '../gradients/index.ts'
import { guardTensorflow } from './guards.ts'
import { TFJS_VERSION } from '@gpdjs/core'
import { installTensorflowKernels, wrongKernels } from './index.ts'

// Not useBackend, which repairs it.
const problem = await registerLinkedTensorflow().then(
  () => undefined,
  (error: Error) => error.message,
)
if (problem !== undefined) console.warn(`skipped: ${problem}`)

describe.skipIf(problem !== undefined)('on tensorflow', () => {
  const casesOf = (name: string) =>
    conformanceCases.filter(
      ({ fails, refusedBy }) =>
        (fails?.includes(`tensorflow ${name}`) ?? false) || (refusedBy?.includes('tensorflow') ?? false),
    )
  const needed = conformanceCases.filter(({ fails }) => fails?.some((name) => name.startsWith('tensorflow ')))
  let references: ReadonlyMap<string, Evaluation>

  beforeAll(async () => {
    await tf.setBackend('cpu')
    repairCpuKernels()
    repairGradients()
    references = await evaluateAll(needed)
    await activate('tensorflow')
  })

  // In this order: nothing is repaired yet.
  it.each(wrongKernels)('$name $problem', async ({ name }) => {
    const cases = casesOf(name).filter((subject) => needed.includes(subject))
    expect(cases).not.toEqual([])
    for (const subject of cases)
      expect(await largestError(subject, references.get(subject.name)!), subject.name).toBeGreaterThan(1e-2)
  })

  it('that is so no more once it is repaired', async () => {
    guardTensorflow()
    installTensorflowKernels(TFJS_VERSION)
    for (const subject of needed)
      expect(await largestError(subject, references.get(subject.name)!), subject.name).toBeLessThan(1e-5)
  })
})
