/** Optimizers of TensorFlow.js and by name: the same numbers, by the mathematics of this package. */
import * as tf from '@tensorflow/tfjs'
import { fillOptions, needed } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { adamax } from './adamax.ts'
import { adam } from './adam.ts'
import { optimizers } from './given.ts'
import { gradientsOf } from './gradients.ts'
import type { Optimizer } from './optimizer.ts'
import { partition } from './partition.ts'
import { rmsprop } from './rmsprop.ts'

const read = (given: unknown): Optimizer =>
  fillOptions('test', { optimizer: needed(optimizers) }, { optimizer: given }).optimizer

const START = [1.5, -2, 0.3]
const STEPS = 8

/** A function whose gradient is different in every step: `Σ w² sin(w) + ¼ w⁴`. */
const objective = (w: tf.Tensor) =>
  tf.sum(tf.add(tf.mul(tf.square(w), tf.sin(w)), tf.mul(tf.pow(w, 4), 0.25))) as tf.Scalar
const gradient = tf.grad((w) => objective(w))

async function theirs(optimizer: tf.Optimizer): Promise<number[]> {
  const w = tf.variable(tf.tensor1d(START))
  for (let step = 0; step < STEPS; step++) optimizer.minimize(() => objective(w), false, [w])
  return [...(await w.data())]
}

async function ours(optimizer: Optimizer): Promise<number[]> {
  let trainables: Record<string, tf.Tensor> = { w: tf.tensor1d(START) }
  let slots = optimizer.init(trainables)
  for (let step = 0; step < STEPS; step++) {
    const gradients = gradientsOf({ w: gradient(trainables['w']!) })
    const progress = { step, totalSteps: STEPS }
    ;({ trainables, slots } = optimizer.update({
      gradients,
      trainables,
      slots,
      specs: { w: { decay: true } },
      progress,
    }))
  }
  return [...(await trainables['w']!.data())]
}

const close = (found: readonly number[], expected: readonly number[]) =>
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6))

beforeAll(() => tf.setBackend('cpu'))

const cases: [string, () => tf.Optimizer][] = [
  ['sgd', () => tf.train.sgd(0.01)],
  ['momentum', () => tf.train.momentum(0.01, 0.8)],
  ['momentum, nesterov', () => tf.train.momentum(0.01, 0.8, true)],
  // TensorFlow.js computes 1 − β₂ᵗ in float32, of which four digits are left at first: at greater rates that is seen.
  ['adam', () => tf.train.adam(1e-3)],
  ['adam with its numbers', () => tf.train.adam(0.05, 0.5, 0.9, 1e-2)],
  ['rmsprop', () => tf.train.rmsprop(0.02)],
  ['rmsprop with its numbers', () => tf.train.rmsprop(0.02, 0.5, 0.3, 1e-2)],
  ['adagrad', () => tf.train.adagrad(0.1)],
  ['adagrad with its number', () => tf.train.adagrad(0.1, 0.7)],
  ['adamax', () => tf.train.adamax(0.05)],
  ['adamax with its numbers', () => tf.train.adamax(0.05, 0.5, 0.9, 1e-2, 0.3)],
]

describe('an optimizer of tf.train', () => {
  it.each(cases)('%s takes the same steps', async (_, make) => {
    const expected = await theirs(make())
    expected.forEach((value, i) => expect(Math.abs(value - START[i]!)).toBeGreaterThan(1e-3))
    close(await ours(read(make())), expected)
  })

  it('is taken in groups too', async () => {
    const group = partition([{ tensors: '*', optimizer: tf.train.adam(1e-3) }])
    close(await ours(group), await theirs(tf.train.adam(1e-3)))
  })

  it('is refused where it computes something else than its name says, or is of a class of its own', () => {
    expect(() => read(tf.train.adadelta(0.1))).toThrow(/tf\.train\.adadelta divides by .*Use adam\(/)
    expect(() => read(tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true))).toThrow(/centered.*Leave centered out/)
    class Own extends tf.SGDOptimizer {
      static override get className() {
        return 'Own'
      }
    }
    expect(() => read(new Own(0.1))).toThrow(/got an object of Own\. Known: SGD, Momentum/)
  })
})

describe('an optimizer by name', () => {
  it.each([
    ['sgd', () => tf.train.sgd(0.01)],
    ['adam', () => tf.train.adam()],
    ['rmsprop', () => tf.train.rmsprop(0.001)],
    ['adagrad', () => tf.train.adagrad(0.01)],
    ['adamax', () => tf.train.adamax()],
  ])('%s is what model.compile makes of it', async (name, make) => {
    const optimizer = read(name)
    expect(optimizer.name).toBe(name)
    close(await ours(optimizer), await theirs(make()))
  })

  it('that there is not is refused with the nearest', () => {
    expect(() => read('adma')).toThrow(/Did you mean 'adam'/)
    expect(() => read(0.1)).toThrow(/expected an optimizer such as sgd.*got 0\.1/)
  })
})

it('takes schedules, and refuses options that there are not', () => {
  expect(adam({ learningRate: 0.1 }).rates({ step: 0, totalSteps: 1 })).toEqual({ 'learning-rate': 0.1 })
  expect(rmsprop({ learningRate: ({ step }) => step }).rates({ step: 3, totalSteps: 5 })).toEqual({
    'learning-rate': 3,
  })
  expect(() => adamax({ learningRate: 0.1, beta3: 1 } as never)).toThrow(/'beta3'. Did you mean 'beta1'/)
})
