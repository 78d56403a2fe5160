/** How training takes its batches: one ahead, the same as without, none left behind. */
import * as tf from '@tensorflow/tfjs'
import { type DistillationLoss } from '@gpdjs/core'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Batch, BatchSource } from '@gpdjs/core'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { dynamicTeacher } from '../plugins/dynamic-teacher.ts'
import { staticTeacher } from '../plugins/static-teacher.ts'
import { trainingStep } from '../step.ts'
import { initialState } from '../training-state.ts'
import { drawn, tinyData, tinyNetwork } from '../testing.ts'
import type { Logs } from '../callbacks.ts'

const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 })
const options = (train: BatchSource): DistillOptions => ({
  student: tinyNetwork(),
  data: { train },
  optimizer,
  epochs: 3,
  batchSize: 6,
  seed: 0,
})

/** A source with a list of the batches it has given; `failAt` counts batches over all epochs. */
function watched(source: BatchSource, failAt = Infinity) {
  const seen: { index: number[]; failures: number } = { index: [], failures: 0 }
  let batches = 0
  function* watch(given: Iterable<Batch>) {
    for (const batch of given) {
      if (batches++ === failAt) {
        tf.dispose({ ...batch.fields })
        seen.failures++
        throw new Error('the disk is gone')
      }
      seen.index.push(...batch.index)
      yield batch
    }
  }
  return { seen, source: { ...source, batches: (given) => watch(source.batches(given)) } satisfies BatchSource }
}

/** The student's parameters after the same training by hand, each batch made when the step before it is over. */
function withoutLookahead(train: BatchSource): number[][] {
  const pipeline = buildPipeline({ student: tinyNetwork(), seed: 0 })
  let state = initialState(pipeline, optimizer)
  const weights = { 'cross-entropy(student)': 1 }
  for (let epoch = 0; epoch < 3; epoch++)
    for (const batch of train.batches({ batchSize: 6, seed: 0, epoch, training: true }))
      state = trainingStep(pipeline, optimizer, state, [batch], { totalSteps: 12, weights }).state
  return Object.keys(state.trainables)
    .sort()
    .map((name) => [...state.trainables[name]!.dataSync()])
}

/** Tensors that exist afterwards and did not before. */
async function leftBy(run: () => Promise<unknown>): Promise<number> {
  const before = tf.memory().numTensors
  await run()
  return tf.memory().numTensors - before
}

beforeAll(() => tf.setBackend('cpu'))

describe('training', () => {
  it('takes the batches of its source in their order, with the same result as without preparing the next one', async () => {
    const data = tinyData(24)
    const { source, seen } = watched(data)
    const run = await distill(options(source))
    const order = [0, 1, 2].flatMap((epoch) =>
      [...data.batches({ batchSize: 6, seed: 0, epoch, training: true })].flatMap(({ index }) => [...index]),
    )
    expect(seen.index).toEqual(order)
    const { parameters } = run.student
    const trained = Object.keys(parameters).sort()
    expect(trained.map((name) => [...parameters[name]!.dataSync()])).toEqual(withoutLookahead(data))
  })

  it('makes no batch that it will not use', async () => {
    const { source, seen } = watched(tinyData(24))
    await distill({ ...options(source), maxSteps: 6 })
    expect(seen.index).toHaveLength(6 * 6)
  })

  it('leaves nothing behind when it is aborted with a batch prepared', async () => {
    const { source, seen } = watched(tinyData(24))
    const controller = new AbortController()
    const callbacks = { onBatchEnd: (step: number) => void (step === 2 && controller.abort()) }
    const left = await leftBy(async () => {
      const run = await distill({ ...options(source), signal: controller.signal, callbacks })
      expect(run).toMatchObject({ outcome: 'aborted', steps: 2 })
      run.dispose()
    })
    expect(seen.index).toHaveLength(3 * 6)
    expect(left).toBe(0)
  })

  it('leaves nothing behind when it diverges with a batch prepared', async () => {
    let steps = 0
    const broken: DistillationLoss = {
      name: 'broken',
      compute: ({ student }) => tf.mul(tf.sum(student.logits), ++steps > 2 ? Number.NaN : 0) as tf.Scalar,
    }
    const { source, seen } = watched(tinyData(24))
    const teacher = drawn(tinyNetwork(), 1)
    const left = await leftBy(async () => {
      const run = await distill({ ...options(source), plugins: staticTeacher({ ...teacher, loss: broken }) })
      expect(run).toMatchObject({ outcome: 'diverged', steps: 2 })
      run.dispose()
    })
    expect(seen.index).toHaveLength(4 * 6)
    expect(left).toBe(0)
  })

  it('leaves nothing behind of batches that make no whole step', async () => {
    const data = tinyData(30)
    const left = await leftBy(async () => {
      const run = await distill({ ...options(data), accumulate: 2 })
      expect(run.steps).toBe(6)
      run.dispose()
    })
    expect(left).toBe(0)
  })

  it('fails once, with what loading failed with, after the steps before, and leaves nothing behind', async () => {
    const { source, seen } = watched(tinyData(24), 2)
    const steps: number[] = []
    const teacher = dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) })
    const left = await leftBy(async () => {
      const callbacks = { onBatchEnd: (step: number) => void steps.push(step) }
      const run = distill({ ...options(source), plugins: teacher, callbacks })
      await expect(run).rejects.toThrow('the disk is gone')
    })
    expect({ steps, failures: seen.failures }).toEqual({ steps: [1, 2], failures: 1 })
    expect(left).toBe(0)
  })

  it('measures the share of a step in which the device waited for data', async () => {
    const logs: Logs[] = []
    const slow = tinyData(24)
    const source: BatchSource = {
      ...slow,
      *batches(given) {
        for (const batch of slow.batches(given)) {
          const end = performance.now() + 30
          while (performance.now() < end);
          yield batch
        }
      },
    }
    await distill({ ...options(source), epochs: 1, callbacks: { onBatchEnd: (_, each) => void logs.push(each) } })
    const shares = logs.map((each) => each['data-wait']!)
    expect(shares.every((share) => share > 0 && share < 1)).toBe(true)
    // 6 images in a step of `seconds`, of which at least 30 ms were waiting; nothing is loaded during the last step.
    const waited = logs.map((each) => each['data-wait']! * (6000 / each['samples-per-second']!))
    expect(waited[0]).toBeGreaterThanOrEqual(60 - 1e-6)
    expect(Math.min(waited[1]!, waited[2]!)).toBeGreaterThanOrEqual(30 - 1e-6)
  })

  it('gives numbers also where a step is shorter than the resolution of the clock, as in browsers', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(1000)
    const logs: Logs[] = []
    const callbacks = { onBatchEnd: (_: number, each: Logs) => void logs.push(each) }
    const run = await distill({ ...options(tinyData()), callbacks }).finally(() => vi.restoreAllMocks())
    run.dispose()
    expect(logs.length).toBeGreaterThan(0)
    for (const each of logs) {
      expect(each).toMatchObject({ 'data-wait': 0, 'samples-per-second': expect.any(Number) as number })
      expect(Object.values(each).every(Number.isFinite), JSON.stringify(each)).toBe(true)
    }
  })
})
