/** When checkpoints are written, and what happens if they cannot be. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { listCheckpoints } from '@gpdjs/interchange'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { sgd } from '../optimizers/sgd.ts'
import { tinyData, tinyNetwork } from '../testing.ts'
import { checkpoints } from './checkpoints.ts'

let folder: string
beforeAll(() => tf.setBackend('cpu'))
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'gpd checkpoints '))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Three epochs of four steps. */
const run = (part: Partial<DistillOptions>) =>
  distill({
    student: tinyNetwork(),
    data: { train: tinyData(), validation: tinyData(9, 3, 7) },
    optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    epochs: 3,
    batchSize: 6,
    ...part,
  })

const stepsSaved = async () => (await listCheckpoints(folder)).map(({ step }) => step).reverse()

describe('checkpoints', () => {
  it.each([
    [{ steps: 1 }, [11, 12]],
    [{ steps: 5 }, [5, 10, 12]],
    [{ epochs: 1 }, [8, 12]],
    [{ epochs: 2 }, [8, 12]],
    [{ minutes: 10 }, [12]],
    [{ minutes: 1e-9 }, [11, 12]],
    [{ steps: 3, epochs: 1 }, [11, 12]],
  ])('every %o: the last are of the steps %j', async (every, expected) => {
    const result = await run({ callbacks: checkpoints({ folder, every, keep: expected.length === 3 ? 3 : 2 }) })
    expect(await stepsSaved()).toEqual(expected)
    result.dispose()
  })

  it('by default take at most a hundredth of the time', async () => {
    // A clock by which a step takes a second, and a checkpoint ten: one is due after every thousandth step only.
    let clock = 0
    const now = vi.spyOn(performance, 'now').mockImplementation(() => clock)
    const saved: number[] = []
    const callbacks = checkpoints({ folder })
    let step = 0
    const snapshot = () => {
      clock += 10_000
      saved.push(step)
      return Promise.resolve({ step, records: {}, position: {} })
    }
    await callbacks.onTrainBegin!({} as never, { snapshot })
    for (step = 1; step <= 3000; step++) {
      clock += 1000
      await callbacks.onBatchEnd!(step, {})
      if (step % 100 === 0) await callbacks.onEpochEnd!(step / 100, {})
    }
    now.mockRestore()
    expect(saved[0]).toBe(100)
    for (const [i, at] of saved.slice(1).entries()) expect(at - saved[i]!).toBeGreaterThanOrEqual(1000)
    expect(saved.length).toBeGreaterThan(2)
  })

  it('are made when training is stopped by a signal, of the step that was finished', async () => {
    const controller = new AbortController()
    const callbacks = [
      checkpoints({ folder, every: { epochs: 9 } }),
      { onBatchEnd: (step: number) => void (step === 6 && controller.abort()) },
    ]
    const result = await run({ signal: controller.signal, callbacks })
    expect(await stepsSaved()).toEqual([6])
    result.dispose()
  })

  it('are not made of a run that ends before its first step', async () => {
    const signal = AbortSignal.abort()
    const result = await run({ signal, callbacks: checkpoints({ folder }) })
    expect(result).toMatchObject({ outcome: 'aborted', steps: 0, history: [] })
    expect(await readdir(folder)).toEqual([])
    result.dispose()
  })

  it('that cannot be written do not end the run, and are told of', async () => {
    const blocked = join(folder, 'file')
    await writeFile(blocked, '')
    const onProblem = vi.fn()
    const result = await run({ callbacks: checkpoints({ folder: blocked, every: { steps: 4 }, onProblem }) })
    expect(result).toMatchObject({ outcome: 'completed', steps: 12 })
    // At steps 4, 8 and 12, not at each step until it works, and at the end.
    expect(onProblem.mock.calls.map(([error]) => (error as { code: string }).code)).toEqual(
      Array.from({ length: 4 }, () => 'output.unwritable'),
    )
    result.dispose()
  })

  it('of a diverged run are of the last good state', async () => {
    const optimizer = sgd({ learningRate: ({ step }) => (step === 6 ? 1e39 : 0.05) })
    const result = await run({ optimizer, callbacks: checkpoints({ folder, every: { steps: 1 } }) })
    expect(result).toMatchObject({ outcome: 'diverged', steps: 6 })
    expect(await stepsSaved()).toEqual([5, 6])
    result.dispose()
  })
})

describe('a signal', () => {
  it.each([3, 5])('during evaluation ends it after batch %i, and the epoch is not judged', async (batch) => {
    const controller = new AbortController()
    const validation = tinyData(9, 3, 7)
    let seen = 0
    const watched = {
      ...validation,
      *batches(options: Parameters<typeof validation.batches>[0]) {
        for (const each of validation.batches({ ...options, batchSize: 1 })) {
          if (++seen === batch) controller.abort()
          yield each
        }
      },
    }
    const result = await run({
      data: { train: tinyData(), validation: watched },
      signal: controller.signal,
      callbacks: checkpoints({ folder }),
    })
    expect(seen).toBe(batch)
    expect(result).toMatchObject({ outcome: 'aborted', steps: 4 })
    expect(result.best).toBeUndefined()
    expect(await stepsSaved()).toEqual([4])
    result.dispose()
  })

  it('that a timer gives is served between two steps, and between two batches of an evaluation', async () => {
    for (const evaluateEvery of [1, 100]) {
      const controller = new AbortController()
      const began = performance.now()
      setTimeout(() => controller.abort(), 30)
      const result = await run({ signal: controller.signal, epochs: 100_000, evaluateEvery })
      expect(result.outcome).toBe('aborted')
      expect(performance.now() - began).toBeLessThan(2000)
      result.dispose()
    }
  })
})
