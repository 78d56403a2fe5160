/** A step whose loss, gradient or result is not finite is never accepted; what is done about it is the user's choice. */
import * as tf from '@tensorflow/tfjs'
import { predict } from '@gpdjs/core'
import { kd } from '@gpdjs/kd-losses'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { adamw } from '../optimizers/adamw.ts'
import { sgd } from '../optimizers/sgd.ts'
import type { Optimizer } from '../optimizers/optimizer.ts'
import { ema } from '../plugins/ema.ts'
import { staticTeacher } from '../plugins/static-teacher.ts'
import { drawn, tinyData, tinyNetwork } from '../testing.ts'

beforeAll(() => tf.setBackend('cpu'))

const validation = tinyData(9, 3, 7)
const images = tf.randomNormal([4, 6, 6, 1], 0, 1, 'float32', 3)
const teacher = drawn(tinyNetwork({ width: 4 }), 9)

let before = 0
beforeEach(() => void (before = tf.memory().numTensors))
afterEach(() => expect(tf.memory().numTensors).toBe(before))

const train = tinyData()
const BAD = 6

/** Three epochs of four steps, by an optimizer that is itself but for some steps. */
const run = (optimizer: Optimizer, part: Partial<DistillOptions> = {}) =>
  distill({
    student: tinyNetwork(),
    data: { train, validation },
    optimizer,
    epochs: 3,
    batchSize: 6,
    plugins: ema(),
    ...part,
  })

const usual = () => sgd({ learningRate: 0.05, momentum: 0.9 })

/** At some steps every gradient is this number. */
const withGradients = (value: number, steps: readonly number[] = [BAD]): Optimizer => {
  const inner = usual()
  return {
    ...inner,
    update: (context) =>
      inner.update(
        steps.includes(context.progress.step)
          ? {
              ...context,
              gradients: {
                tensors: Object.fromEntries(
                  Object.entries(context.gradients.tensors).map(([name, tensor]) => [
                    name,
                    tf.fill(tensor.shape, value),
                  ]),
                ),
                norm: () => context.gradients.norm(),
              },
            }
          : context,
      ),
  }
}

const numbersOf = (run: Awaited<ReturnType<typeof distill>>) =>
  [...Object.values(run.student.parameters), ...Object.values(run.student.statistics)].flatMap((tensor) => [
    ...tensor.dataSync(),
  ])

const expectFinite = (result: Awaited<ReturnType<typeof distill>>) => {
  expect(numbersOf(result).every(Number.isFinite)).toBe(true)
  for (const model of [result.student, ...Object.values(result.alternatives)]) {
    const logits = predict(model, images)
    expect([...logits.dataSync()].every(Number.isFinite)).toBe(true)
    logits.dispose()
  }
}

describe('a step that is not finite ends the run with the state from before', () => {
  it.each([
    ['an infinite learning rate', sgd({ learningRate: (at) => (at.step === BAD ? 1e39 : 0.05) })],
    ['a learning rate beyond float32', sgd({ learningRate: 1e39 })],
    ['NaN in the updated weights only', withGradients(NaN)],
    ['infinite weights', withGradients(3e38)],
    ['AdamW', adamw({ learningRate: 1e39 })],
  ])('%s', async (_, optimizer) => {
    const result = await run(optimizer)
    expect(result.outcome).toBe('diverged')
    expect(result.problem).toMatch(/the result not finite at step \d/)
    expectFinite(result)
    result.dispose()
  })

  it('bit for bit', async () => {
    const [diverged, stopped] = [await run(withGradients(NaN)), await run(usual(), { maxSteps: BAD })]
    expect(diverged.steps).toBe(BAD)
    expect(numbersOf(diverged)).toEqual(numbersOf(stopped))
    diverged.dispose()
    stopped.dispose()
  })

  it('NaN in one logit of the teacher', async () => {
    const bias = tf.tensor1d([0, NaN, 0])
    const parameters = { ...teacher.parameters, 'fc.bias': bias }
    const plugins = staticTeacher({ ...teacher, parameters, loss: kd() })
    const result = await run(usual(), { plugins })
    expect(result).toMatchObject({ outcome: 'diverged', steps: 0 })
    expect(result.problem).toContain('kd(student, static-teacher)')
    expectFinite(result)
    result.dispose()
    bias.dispose()
  })
})

describe("policy 'skip'", () => {
  it('goes on with the next batch and the state from before', async () => {
    const policy = { divergence: { policy: 'skip' } } as const
    // The reference: an optimizer that moves nothing in that step, and keeps its momentum.
    const inner = usual()
    const idle: Optimizer = {
      ...inner,
      update: (context) => (context.progress.step === BAD ? { trainables: {}, slots: {} } : inner.update(context)),
    }
    const skipped = await run(withGradients(NaN), { ...policy, plugins: [] })
    const reference = await run(idle, { plugins: [] })
    expect(skipped).toMatchObject({ outcome: 'completed', steps: 12, refused: [{ step: BAD }] })
    for (const [name, tensor] of Object.entries(skipped.student.parameters))
      expect([...tensor.dataSync()]).toEqual([...reference.student.parameters[name]!.dataSync()])
    skipped.dispose()
    reference.dispose()
  })

  it('ends the run after so many', async () => {
    const result = await run(withGradients(NaN, [3, 4, 5, 6]), { divergence: { policy: 'skip', most: 2 } })
    expect(result).toMatchObject({ outcome: 'diverged', steps: 5 })
    expect(result.refused.map(({ step }) => step)).toEqual([3, 4, 5])
    result.dispose()
  })
})

describe("policy 'rollback'", () => {
  it('goes back to the beginning of the epoch, and on with the next batch', async () => {
    const seen: number[] = []
    const result = await run(withGradients(NaN), {
      divergence: { policy: 'rollback' },
      callbacks: { onBatchEnd: (step) => void seen.push(step) },
    })
    expect(result).toMatchObject({ outcome: 'completed', steps: 12, refused: [{ step: BAD }] })
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expectFinite(result)
    result.dispose()
  })

  it('to the state bit for bit', async () => {
    const atEnd = await run(withGradients(NaN, [7]), { divergence: { policy: 'rollback' }, maxSteps: 8, plugins: [] })
    const atBeginning = await run(usual(), { maxSteps: 4, plugins: [] })
    expect(numbersOf(atEnd)).toEqual(numbersOf(atBeginning))
    atEnd.dispose()
    atBeginning.dispose()
  })

  it('ends the run after so many', async () => {
    const result = await run(withGradients(NaN, [1, 2, 3]), { divergence: { policy: 'rollback', most: 2 } })
    expect(result).toMatchObject({ outcome: 'diverged' })
    expect(result.refused).toHaveLength(3)
    result.dispose()
  })
})
