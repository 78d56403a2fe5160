import * as tf from '@tensorflow/tfjs'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { distill } from './distill.ts'
import type { Logs } from './callbacks.ts'
import { adamw } from './optimizers/adamw.ts'
import { frozen } from './optimizers/frozen.ts'
import type { Optimizer, UpdateContext } from './optimizers/optimizer.ts'
import { partition } from './optimizers/partition.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { trainingStep } from './step.ts'
import { disposeReplaced, initialState, type TrainingState } from './training-state.ts'
import { tinyData, tinyNetwork } from './testing.ts'

/** A student and a dynamic teacher with tensors of their own: two sides that can take turns. */
const twoSides = () =>
  buildPipeline({
    student: tinyNetwork(),
    seed: 3,
    plugins: dynamicTeacher({
      expander: inverseReparameterization({ ratio: 2, branches: orepa() }),
      sharing: 'none',
    }),
  })

const momentum = () => sgd({ learningRate: 0.05, momentum: 0.9, clipGlobalNorm: 5 })
const alternating = () =>
  partition([
    { name: 'student', tensors: 'student/*', optimizer: adamw({ learningRate: 0.01 }), every: 2 },
    { name: 'teacher', tensors: 'dynamic-teacher/*', optimizer: momentum(), every: 2, offset: 1 },
  ])

function batchOf(batchSize: number) {
  const [batch] = [...tinyData().batches({ batchSize, seed: 0, epoch: 0, training: false })]
  return batch!
}

/** An optimizer that writes down which gradients it is given. */
function watched(optimizer: Optimizer) {
  const seen: string[][] = []
  const update = (context: UpdateContext) => {
    seen.push(Object.keys(context.gradients.tensors))
    return optimizer.update(context)
  }
  return { seen, optimizer: { ...optimizer, update } }
}

type Pipeline = ReturnType<typeof twoSides>

function step(pipeline: Pipeline, optimizer: Optimizer, state: TrainingState, batch: ReturnType<typeof batchOf>) {
  const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
  return trainingStep(pipeline, optimizer, state, [batch], { totalSteps: 200, weights })
}

const sidesOf = (names: readonly string[]) => [...new Set(names.map((name) => name.split('/')[0]))]

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('a step with groups', () => {
  it('is that of the optimizer alone where there is one group, bit for bit', async () => {
    const pipeline = twoSides()
    const batch = batchOf(6)
    const states = [momentum(), partition([{ tensors: '*', optimizer: momentum() }])].map((optimizer) => {
      let next = step(pipeline, optimizer, initialState(pipeline, optimizer), batch)
      for (let i = 0; i < 3; i++) next = step(pipeline, optimizer, next.state, batch)
      return { ...next.state.trainables, ...next.metrics }
    })
    for (const [name, tensor] of Object.entries(states[0]!))
      expect(Array.from(states[1]![name]!.dataSync())).toEqual(Array.from(tensor.dataSync()))
  })

  it('has no gradient of the side that rests, moves nothing of it, and takes no backward pass for it', () => {
    const pipeline = twoSides()
    const batch = batchOf(6)
    const { optimizer, seen } = watched(alternating())
    let state = initialState(pipeline, optimizer)
    const backward: number[] = []
    for (let i = 0; i < 4; i++) {
      const run = vi.spyOn(tf.engine(), 'runKernel')
      const next = step(pipeline, optimizer, state, batch)
      backward.push(run.mock.calls.filter(([kernel]) => kernel === 'Conv2DBackpropFilter').length)
      run.mockRestore()
      const moved = Object.keys(state.trainables).filter(
        (name) => next.state.trainables[name] !== state.trainables[name],
      )
      expect(moved).toEqual(seen.at(-1))
      // The norm is that of the gradients there are.
      expect(next.metrics['gradient-norm']!.dataSync()[0]).toBeGreaterThan(0)
      state = next.state
    }
    expect(seen.map(sidesOf)).toEqual([['student'], ['dynamic-teacher'], ['student'], ['dynamic-teacher']])
    const both = initialState(pipeline, momentum())
    const run = vi.spyOn(tf.engine(), 'runKernel')
    step(pipeline, momentum(), both, batch)
    const all = run.mock.calls.filter(([kernel]) => kernel === 'Conv2DBackpropFilter').length
    run.mockRestore()
    expect(backward[0]).toBeGreaterThan(0)
    expect(backward[0]! + backward[1]!).toBe(all)
    expect(backward.slice(2)).toEqual(backward.slice(0, 2))
  })

  it('leaks nothing in 200 steps', () => {
    const pipeline = twoSides()
    const batch = batchOf(6)
    const optimizer = partition([
      { name: 'classifier', tensors: 'student/fc.*', optimizer: frozen() },
      { name: 'student', tensors: 'student/*', optimizer: adamw({ learningRate: 0.01 }), every: 2 },
      { name: 'teacher', tensors: '*', optimizer: momentum(), during: [0.25, 0.75] },
    ])
    let state = initialState(pipeline, optimizer)
    const advance = () => {
      const next = step(pipeline, optimizer, state, batch)
      tf.dispose(next.metrics)
      disposeReplaced(state, next.state)
      state = next.state
    }
    advance()
    const { numTensors } = tf.memory()
    // Once every group has moved: the two sides begin as one and share what they begin with.
    while (state.step < 60) advance()
    expect(tf.memory().numTensors).toBe(numTensors)
    const { numDataBuffers } = tf.memory()
    while (state.step < 200) advance()
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers)
  })
})

describe('distill with groups', () => {
  const options = () => ({
    student: tinyNetwork(),
    data: { train: tinyData() },
    epochs: 2,
    batchSize: 6,
    seed: 0,
  })

  it('logs the rate of each group that moves', async () => {
    const logged: Logs[] = []
    const optimizer = partition([
      { name: 'classifier', tensors: '*/fc.*', optimizer: adamw({ learningRate: 0.01 }), every: 2 },
      { name: 'rest', tensors: '*', optimizer: sgd({ learningRate: 0.1 }) },
    ])
    const callbacks = { onBatchEnd: (_: number, logs: Logs) => void logged.push(logs) }
    const run = await distill({ ...options(), optimizer, callbacks })
    expect(logged.map((logs) => logs['learning-rate/classifier']).slice(0, 3)).toEqual([0.01, undefined, 0.01])
    expect(logged.map((logs) => logs['learning-rate/rest'])).toEqual(Array(8).fill(0.1))
    expect(run.history[0]!.logs['learning-rate/classifier']).toBe(0.01)
    run.dispose()
  })

  it('refuses everything frozen: nothing would be trained', async () => {
    await expect(distill({ ...options(), optimizer: frozen() })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/expected one that moves some tensor/) as string,
    })
  })

  it('refuses a group that owns no tensor before the first step', async () => {
    let steps = 0
    const optimizer = partition([
      { name: 'teacher', tensors: 'dynamic-teacher/*', optimizer: momentum() },
      { tensors: '*', optimizer: momentum() },
    ])
    const train = distill({ ...options(), optimizer, callbacks: { onBatchEnd: () => void steps++ } })
    await expect(train).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringMatching(/'teacher'/) })
    expect(steps).toBe(0)
  })
})
