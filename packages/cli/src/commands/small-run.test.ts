import * as tf from '@tensorflow/tfjs'
import { useBackend, type BackendName } from '@gpdjs/backends'
import { beforeAll, describe, expect, it } from 'vitest'
import { smallRun } from './small-run.ts'

const STEPS = 8

/** Those that work here; the others are named aloud. */
async function usable(...names: readonly BackendName[]): Promise<readonly BackendName[]> {
  const found: BackendName[] = []
  for (const name of names) {
    await useBackend(name).then(
      () => found.push(name),
      ({ message }: Error) => console.warn(`skipped: ${message}`),
    )
  }
  return found
}
const others = await usable('tensorflow', 'webgpu')

describe.skipIf(others.length === 0)('a training run', () => {
  let reference: readonly number[]
  const losses = async () => (await smallRun(STEPS)).map(({ loss }) => loss)

  beforeAll(async () => {
    await useBackend('wasm')
    reference = await losses()
  })

  // Outside browsers webgpu refuses to be read synchronously, so nothing in a step does.
  it.each(others)(
    'on %s has the losses that it has on wasm, and leaves no tensor behind',
    { timeout: 120_000 },
    async (name) => {
      await useBackend(name)
      const before = tf.memory().numTensors
      const own = await losses()
      expect(own).toHaveLength(STEPS)
      own.forEach((loss, step) => expect(Math.abs(loss / reference[step]! - 1)).toBeLessThan(1e-5))
      expect(tf.memory().numTensors).toBe(before)
    },
  )
})
