/** A run whose backend has no memory left: what is said, what is left, and what is on the disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-wasm'
import { useBackend } from '@gpdjs/backends'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkpoints } from './checkpoints/checkpoints.ts'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { evaluate } from './evaluate.ts'
import { sgd } from './optimizers/sgd.ts'
import { drawn, tinyData, tinyNetwork } from './testing.ts'

const factory = tf.findBackendFactory('wasm')
let folder: string

async function freshWasm(): Promise<void> {
  if (tf.findBackend('wasm') !== null) tf.removeBackend('wasm')
  tf.registerBackend('wasm', factory, 2)
  await useBackend('wasm')
}

beforeEach(async () => {
  await freshWasm()
  folder = await mkdtemp(join(tmpdir(), 'gpd memory '))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** From now on the module gets no more memory. */
const exhaust = () => {
  const { wasm } = tf.backend() as unknown as { wasm: { _malloc: (bytes: number) => number } }
  wasm._malloc = () => 0
}

const run = (part: Partial<DistillOptions>) =>
  distill({
    student: tinyNetwork(),
    data: { train: tinyData() },
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    epochs: 3,
    batchSize: 6,
    ...part,
  })

describe('out of memory', () => {
  it('in a step says which batch to try, and leaves the last checkpoint as it is', async () => {
    let steps = 0
    const failing = { onBatchEnd: () => void (++steps === 7 && exhaust()) }
    const saving = checkpoints({ folder, every: { steps: 1 } })
    await expect(run({ callbacks: [saving, failing] })).rejects.toMatchObject({
      code: 'backend.out-of-memory',
      message: expect.stringMatching(/wasm has no memory for .*Try batchSize 3 in a new process/) as string,
    })
    await freshWasm()
    const whole = await run({})
    const resumed = await run({ resume: folder })
    expect(resumed.steps).toBe(12)
    const bits = ({ student }: typeof whole) =>
      Object.entries(student.parameters).map(([name, tensor]) => [name, ...tensor.dataSync()])
    expect(bits(resumed)).toEqual(bits(whole))
  })

  it('in evaluation says so too', async () => {
    const [model, data] = [drawn(tinyNetwork(), 1), tinyData()]
    exhaust()
    await expect(evaluate(model, data, { batchSize: 8 })).rejects.toMatchObject({
      code: 'backend.out-of-memory',
      message: expect.stringContaining('Try batchSize 4') as string,
    })
  })
})
