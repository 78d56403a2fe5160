import type { Schedule } from '@gpdjs/core'
import { describe, expect, it } from 'vitest'
import { cosine, linear, multiStep, stepDecay, valueAt, warmUp, warmUpFromOne, warmUpFromZero } from './schedule.ts'

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

  it('run in a straight line up to a share of the run, and stay there', () =>
    expectClose(over(linear(2, 0, { until: 0.5 }), 6), [2, 4 / 3, 2 / 3, 0, 0, 0]))

  it('warm up by whole epochs, counted from one or from zero', () => {
    // Six epochs of two steps: a rise over three.
    const options = { epochs: 3, of: 6 }
    const [third, two, one] = [1 / 3, 2 / 3, 1]
    expectClose(over(warmUpFromOne(1, options), 12), [third, third, two, two, ...Array<number>(8).fill(one)])
    expectClose(over(warmUpFromZero(1, options), 12), [0, 0, third, third, two, two, ...Array<number>(6).fill(one)])
    // What rises goes its own way meanwhile.
    expectClose(over(warmUpFromOne(linear(3, 0), { epochs: 2, of: 3 }), 3), [1.5, 2, 1])
  })

  it('count epochs exactly, however many steps they have', () => {
    for (const [epochs, steps] of [
      [240, 781],
      [100, 2502],
      [7, 3],
    ] as const) {
      // prettier-ignore
      const schedule = warmUpFromZero(epochs, { epochs, of: epochs })
      for (let epoch = 0; epoch < epochs; epoch++) {
        const at = (step: number) => valueAt(schedule, { step, totalSteps: epochs * steps })
        expect(at(epoch * steps)).toBeCloseTo(epoch, 9)
        expect(at((epoch + 1) * steps - 1)).toBeCloseTo(epoch, 9)
      }
    }
  })

  it('warm up to their value, from one n-th of it, and then run over what remains', () => {
    expectClose(over(warmUp(1, { steps: 4 }), 6), [0.25, 0.5, 0.75, 1, 1, 1])
    expectClose(over(warmUp(linear(1, 0), { share: 0.5 }), 4), [0.5, 1, 1, 0.5])
    expectClose(over(warmUp(2, { steps: 0 }), 2), [2, 2])
  })
})
