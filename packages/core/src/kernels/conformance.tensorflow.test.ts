import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../backends/use-backend.ts'
import { conformanceCases } from './conformance.cases.ts'
import { evaluate, relativeError, type Evaluation } from './conformance.runner.ts'

const problem = await useBackend('tensorflow').then(
  () => undefined,
  (error: Error) => error.message,
)
if (problem !== undefined) console.warn(`skipped: ${problem}`)

describe.skipIf(problem !== undefined)('tensorflow agrees with cpu', () => {
  const reference = new Map<string, Evaluation>()

  beforeAll(async () => {
    await useBackend('cpu')
    for (const subject of conformanceCases) reference.set(subject.name, evaluate(subject))
    await useBackend('tensorflow')
  })

  it.each(conformanceCases)('$name', (subject) => {
    const before = tf.memory()
    const { output, gradients } = evaluate(subject)
    const expected = reference.get(subject.name)!
    expect(relativeError(output, expected.output), 'output').toBeLessThan(1e-5)
    for (const [input, gradient] of Object.entries(expected.gradients)) {
      expect(relativeError(gradients[input]!, gradient), `gradient of ${input}`).toBeLessThan(1e-5)
    }
    const after = tf.memory()
    expect([after.numTensors, after.numDataBuffers, tf.backend().numDataIds()]).toEqual([
      before.numTensors,
      before.numDataBuffers,
      before.numDataBuffers,
    ])
  })
})
