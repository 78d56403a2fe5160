import * as tf from '@tensorflow/tfjs'
import { randomStream } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { cosine } from '../schedule.ts'
import { adamw } from './adamw.ts'
import { frozen } from './frozen.ts'
import { gradientsOf } from './gradients.ts'
import type { Optimizer } from './optimizer.ts'
import { partition } from './partition.ts'
import { sgd } from './sgd.ts'

const SIZES = { 'a/weight': 3, 'a/bias': 1, 'b/weight': 4 }
type Name = keyof typeof SIZES
const NAMES = Object.keys(SIZES) as Name[]
const specs = Object.fromEntries(NAMES.map((name) => [name, { decay: !name.endsWith('bias') }]))

const drawn = (name: Name, what: string, step = 0): tf.Tensor => {
  const stream = randomStream(7, what, name, step)
  return tf.tensor1d(Float32Array.from({ length: SIZES[name] }, () => stream.normal()))
}

const record = <T>(names: readonly Name[], f: (name: Name) => T): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, f(name)]))

const valuesOf = (tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]))

const starting = (names = NAMES) => record(names, (name) => drawn(name, 'start'))

/** The tensors after each step, `gradientSteps[i]` being the number by which the gradients of step i are drawn. */
function train(optimizer: Optimizer, names = NAMES, gradientSteps = [0, 1, 2, 3, 4, 5, 6, 7]) {
  let trainables = starting(names)
  let slots = optimizer.init(trainables)
  return gradientSteps.map((drawnBy, step) => {
    const progress = { step, totalSteps: gradientSteps.length }
    const moving = names.filter((name) => optimizer.moves?.(name, progress) ?? true)
    const gradients = gradientsOf(record(moving, (name) => drawn(name, 'gradient', drawnBy)))
    const updated = optimizer.update({ gradients, trainables, slots, specs, progress })
    trainables = { ...trainables, ...updated.trainables }
    slots = { ...slots, ...updated.slots }
    return valuesOf(trainables)
  })
}

const A: Name[] = ['a/weight', 'a/bias']
const B: Name[] = ['b/weight']
const momentum = () => sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 0.1, clipGlobalNorm: 0.5 })
const adam = () => adamw({ learningRate: cosine(0.01), weightDecay: 0.1, clipGlobalNorm: 1 })

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('partition', () => {
  it.each([
    ['sgd', momentum],
    ['adamw', adam],
  ])('into one group is the optimizer alone, bit for bit: %s', (_, optimizer) => {
    expect(train(partition([{ tensors: '*', optimizer: optimizer() }]))).toEqual(train(optimizer()))
  })

  it('into two groups is each optimizer alone, with a norm of its own, bit for bit', () => {
    const both = train(
      partition([
        { tensors: 'a/*', optimizer: momentum() },
        { tensors: (name) => name.startsWith('b'), optimizer: adam() },
      ]),
    )
    const [first, second] = [train(momentum(), A), train(adam(), B)]
    expect(both).toEqual(first.map((tensors, step) => ({ ...tensors, ...second[step] })))
  })

  it('gives a tensor to the first group that matches', () => {
    const order = partition([
      { name: 'biases', tensors: '*.bias', optimizer: frozen() },
      { name: 'rest', tensors: '*', optimizer: frozen() },
    ])
    expect(() => order.init(starting())).toThrow(/'biases' \(\*\.bias\)\./)
    const shadowed = partition([
      { name: 'all', tensors: '*', optimizer: frozen() },
      { name: 'a', tensors: 'a/*', optimizer: frozen() },
    ])
    expect(() => shadowed.init(starting())).toThrow(
      /no tensor belongs to 'a' \(a\/\*\): 'all' before it has all that match\..*'a\/weight', 'a\/bias', 'b\/weight'/,
    )
  })

  it('moves alternating groups in turn, each as if there were no other steps', () => {
    const turns = train(
      partition([
        { tensors: 'a/*', optimizer: adam(), every: 2 },
        { tensors: 'b/*', optimizer: momentum(), every: 2, offset: 1 },
      ]),
    )
    // Bias corrections, schedules and momenta are those of runs of four steps.
    const [even, odd] = [train(adam(), A, [0, 2, 4, 6]), train(momentum(), B, [1, 3, 5, 7])]
    const start = valuesOf(starting())
    turns.forEach((tensors, step) => {
      const second = step === 0 ? { 'b/weight': start['b/weight'] } : odd[Math.floor((step - 1) / 2)]
      expect(tensors).toEqual({ ...even[Math.floor(step / 2)], ...second })
    })
  })

  it('trains a group during its part of the run only', () => {
    const steps = train(
      partition([
        { tensors: 'a/*', optimizer: adam(), during: [0.25, 0.75] },
        { tensors: '*', optimizer: momentum() },
      ]),
    )
    const [part, whole] = [train(adam(), A, [2, 3, 4, 5]), train(momentum(), B)]
    const start = valuesOf(starting(A))
    steps.forEach((tensors, step) =>
      expect(tensors).toEqual({ ...(step < 2 ? start : part[Math.min(step, 5) - 2]), ...whole[step] }),
    )
  })

  it('leaves frozen tensors alone', () => {
    const steps = train(
      partition([
        { tensors: 'a/*', optimizer: frozen() },
        { tensors: '*', optimizer: momentum() },
      ]),
    )
    const whole = train(momentum(), B)
    const start = valuesOf(starting(A))
    expect(steps).toEqual(whole.map((tensors) => ({ ...start, ...tensors })))
  })

  it('may be a group of another', () => {
    const inner = () =>
      partition([
        { name: 'weights', tensors: '*/weight', optimizer: momentum() },
        { name: 'biases', tensors: '*/bias', optimizer: adam(), every: 2 },
      ])
    const nested = partition([
      { name: 'a', tensors: 'a/*', optimizer: inner() },
      { name: 'b', tensors: 'b/*', optimizer: adam() },
    ])
    const [first, second] = [train(inner(), A), train(adam(), B)]
    expect(train(nested)).toEqual(first.map((tensors, step) => ({ ...tensors, ...second[step] })))
    expect(Object.keys(nested.rates({ step: 0, totalSteps: 8 }))).toEqual([
      'learning-rate/a/weights',
      'learning-rate/a/biases',
      'learning-rate/b',
    ])
    expect(Object.keys(nested.rates({ step: 1, totalSteps: 8 }))).not.toContain('learning-rate/a/biases')
  })

  it('gives the rates of the groups that move, by the steps of each', () => {
    const optimizer = partition([
      { tensors: 'a/*', optimizer: sgd({ learningRate: ({ step, totalSteps }) => step / totalSteps }), every: 2 },
      { tensors: '*', optimizer: sgd({ learningRate: 0.5 }) },
    ])
    const rates = [0, 1, 2].map((step) => optimizer.rates({ step, totalSteps: 8 }))
    expect(rates).toEqual([
      { 'learning-rate/group-1': 0, 'learning-rate/group-2': 0.5 },
      { 'learning-rate/group-2': 0.5 },
      { 'learning-rate/group-1': 0.25, 'learning-rate/group-2': 0.5 },
    ])
  })

  it('refuses tensors without a group', () => {
    const optimizer = partition([{ tensors: 'b/*', optimizer: momentum() }])
    expect(() => optimizer.init(starting())).toThrow(
      /partition: no group owns 'a\/weight', 'a\/bias'\. Add a last group for the rest: \{ tensors: '\*'/,
    )
  })

  it('leaves nothing behind where a group of a group has no tensor', () => {
    const inner = partition([{ tensors: 'c/*', optimizer: momentum() }])
    const optimizer = partition([
      { tensors: 'a/*', optimizer: momentum() },
      { tensors: '*', optimizer: inner },
    ])
    const tensors = starting()
    const { numTensors } = tf.memory()
    expect(() => optimizer.init(tensors)).toThrow(/no group owns 'b\/weight'/)
    expect(tf.memory().numTensors).toBe(numTensors)
  })

  it('names every group without a tensor', () => {
    const optimizer = partition([
      { name: 'teacher', tensors: 'dynamic-teacher/*', optimizer: momentum() },
      { name: 'heads', tensors: (name) => name.startsWith('heads'), optimizer: momentum() },
      { tensors: '*', optimizer: momentum() },
    ])
    expect(() => optimizer.init(starting())).toThrow(
      /no tensor belongs to 'teacher' \(dynamic-teacher\/\*\); nor to 'heads'\. The tensors of this run are/,
    )
  })
})
