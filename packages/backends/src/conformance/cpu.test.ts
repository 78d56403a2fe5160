import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../use-backend.ts'
import { conformanceCases } from './all.cases.ts'
import { evaluate, finiteDifferenceErrors } from './conformance.runner.ts'

describe('gradients on cpu agree with finite differences', () => {
  beforeAll(() => useBackend('cpu'))

  it.each(conformanceCases.filter(({ differentiable }) => differentiable !== false))('$name', async (subject) => {
    const errors = await finiteDifferenceErrors(subject, await evaluate(subject))
    for (const [input, error] of Object.entries(errors)) {
      expect(error, `gradient of ${input}`).toBeLessThan(2e-3)
    }
  })
})
