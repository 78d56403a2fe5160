import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BackendName } from '../adapters/adapter.ts'
import { useBackend } from '../use-backend.ts'
import { conformanceCases, type ConformanceCase } from '../conformance/all.cases.ts'
import { evaluate, evaluateAll, relativeError, type Evaluation } from '../conformance/conformance.runner.ts'

/** Holds a backend to the values and gradients of the cpu backend, and to freeing whatever it allocates. */
export function agreesWithCpu(backend: BackendName, options: { readonly skip?: boolean } = {}): void {
  describe.skipIf(options.skip)(`${backend} agrees with cpu`, () => {
    let reference: ReadonlyMap<string, Evaluation>

    beforeAll(async () => {
      await useBackend('cpu')
      reference = await evaluateAll(conformanceCases)
      await useBackend(backend)
    })

    const isRefused = ({ refusedBy }: ConformanceCase) => refusedBy?.includes(backend) ?? false

    it.each(conformanceCases.filter((subject) => !isRefused(subject)))('$name', async (subject) => {
      const before = tf.memory()
      const { output, gradients } = await evaluate(subject)
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

    // Last: a kernel that throws may keep what it had allocated.
    it.each(conformanceCases.filter(isRefused))('$name is refused', async (subject) => {
      await expect(evaluate(subject)).rejects.toMatchObject({
        code: 'backend.unsupported',
        message: expect.stringContaining(backend) as string,
      })
    })
  })
}
