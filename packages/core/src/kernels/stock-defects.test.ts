import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { beforeAll, describe, expect, it } from 'vitest'
import { conformanceCases } from './conformance.cases.ts'
import { evaluate, evaluateAll, finiteDifferenceErrors, largestError } from './conformance.runner.ts'
import { gradientRepairs, repairGradients } from './gradients/index.ts'
import { wasmKernels } from './wasm/index.ts'

const failing = (kernel: string) => conformanceCases.filter(({ fails }) => fails?.includes(kernel))

// Here nothing is repaired at first: each repair must be needed by a case that this file sees fail.
describe('without its repair', () => {
  beforeAll(() => tf.setBackend('cpu'))

  it.each(gradientRepairs)('the gradient of $kernel $repairs', async ({ kernel }) => {
    const cases = failing(kernel === 'BatchMatMul' ? 'BatchMatMul gradient' : kernel)
    expect(cases).not.toEqual([])
    for (const subject of cases) {
      const wrong = async () => {
        const errors = await finiteDifferenceErrors(subject, await evaluate(subject))
        return Object.values(errors).some((error) => !(error < 2e-3))
      }
      expect(await wrong().catch(() => true), subject.name).toBe(true)
    }
  })

  describe('on wasm', () => {
    const stock = new Set<string>()

    beforeAll(async () => {
      repairGradients()
      const cases = conformanceCases.filter(({ fails }) => fails !== undefined)
      const references = await evaluateAll(cases)
      await tf.setBackend('wasm')
      for (const subject of cases) {
        if (!((await largestError(subject, references.get(subject.name)!)) < 1e-5)) stock.add(subject.name)
      }
    })

    it.each(wasmKernels.filter(({ defect }) => defect !== 'slow'))('$name $repairs', ({ name }) => {
      const cases = failing(name)
      expect(cases).not.toEqual([])
      for (const subject of cases) expect(stock, subject.name).toContain(subject.name)
    })
  })
})
