import { describe, expect, it } from 'vitest'
import { cosine, linear, multiStep, stepDecay, valueAt, warmUp, type Schedule } from './schedule.ts'

const over = (schedule: Schedule, totalSteps: number) =>
  Array.from({ length: totalSteps }, (_, step) => valueAt(schedule, { step, totalSteps }))
const expectClose = (actual: number[], expected: number[]) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10))
}

describe('schedules', () => {
  it('stay the same if they are numbers', () => expectClose(over(0.3, 3), [0.3, 0.3, 0.3]))

  it('fall along half a cosine', () => {
    expectClose(over(cosine(1), 4), [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2])
    expect(valueAt(cosine(1, { end: 0.2 }), { step: 10, totalSteps: 10 })).toBeCloseTo(0.2, 12)
  })

  it('drop at milestones', () =>
    expectClose(
      over(multiStep(1, { milestones: [0.3, 0.6, 0.9] }), 10),
      [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001],
    ))

  it('drop every so often', () => expectClose(over(stepDecay(1, { every: 0.5, factor: 0.5 }), 4), [1, 1, 0.5, 0.5]))

  it('run in a straight line', () => expectClose(over(linear(0, 1), 4), [0, 0.25, 0.5, 0.75]))

  it('warm up to their value, from one n-th of it, and then run over what remains', () => {
    expectClose(over(warmUp(1, { steps: 4 }), 6), [0.25, 0.5, 0.75, 1, 1, 1])
    expectClose(over(warmUp(linear(1, 0), { share: 0.5 }), 4), [0.5, 1, 1, 0.5])
    expectClose(over(warmUp(2, { steps: 0 }), 2), [2, 2])
  })
})
