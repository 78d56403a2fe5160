import * as tf from '@tensorflow/tfjs'
import { kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { classification } from '../tasks/classification.ts'
import { tinyNetwork } from '../testing.ts'
import { buildPipeline } from './pipeline.ts'
import type { RunSetup } from './plugin.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** The setup of a run that has been put together. */
function sealed() {
  let setup: RunSetup | undefined
  const pipeline = buildPipeline({
    student: tinyNetwork(),
    seed: 0,
    plugins: { name: 'keeps it', specVersion: 1, setup: (run) => void (setup = run) },
  })
  return { run: setup!, pipeline }
}

describe('a run that has been put together', () => {
  const term = { name: 'late', weight: 1, passes: { student: { actor: 'student' } }, compute: () => tf.scalar(0) }
  const calls: readonly [keyof RunSetup, (run: RunSetup) => void][] = [
    ['addActor', (run) => run.addActor({ ...run.student, name: 'late' })],
    ['addTensors', (run) => run.addTensors({ name: 'late', tensors: {}, specs: [] })],
    ['addTerm', (run) => run.addTerm(term)],
    ['addState', (run) => run.addState({ name: 'late', init: () => ({}), update: () => ({}) })],
    ['addView', (run) => run.addView({ name: 'late', inputs: ['image'], make: () => ({}) })],
    ['replaceStudent', (run) => run.replaceStudent({})],
    [
      'addDistillation',
      (run) => run.addDistillation({ student: 'student', teacher: 'student', loss: kd(), weight: 1 }),
    ],
  ]

  it.each(calls)('refuses %s, and stays as it is', (name, call) => {
    const { run, pipeline } = sealed()
    const before = { ...pipeline, actors: [...pipeline.actors], terms: [...pipeline.terms], views: [...pipeline.views] }
    expect(() => call(run)).toThrow(new RegExp(`${name}: this run is put together already`))
    expect(() => call(run)).toThrow(expect.objectContaining({ code: 'plugin.invalid' }))
    expect(pipeline).toEqual(before)
  })

  it('has methods that cannot be replaced', () => {
    const { run } = sealed()
    expect(Object.isFrozen(run)).toBe(true)
  })
})

it('a run in which nothing is minimized is refused', () => {
  const task = classification({ weight: 0 })
  expect(() => buildPipeline({ student: tinyNetwork(), seed: 0, task })).toThrow(/Nothing is minimized/)
})
