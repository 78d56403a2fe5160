import { describe, expect, it } from 'vitest'
import { partition } from './partition.ts'
import { sgd } from './sgd.ts'

describe('turns of a group', () => {
  it('gives every step to exactly one of n groups that take turns', () => {
    for (const every of [1, 2, 3, 5]) {
      const groups = Array.from({ length: every }, (_, offset) =>
        partition([{ tensors: '*', optimizer: sgd({ learningRate: 0.1 }), every, offset }]),
      )
      for (let step = 0; step < 20; step++) {
        const moving = groups.map((group) => group.moves!('x', { step, totalSteps: 20 }))
        expect(moving.indexOf(true)).toBe(step % every)
        expect(moving.filter(Boolean)).toHaveLength(1)
      }
    }
  })

  it.each([
    [[], /at least one group/],
    [[{ every: 0 }], /'group-1': every: expected a whole number of at least 1, got 0/],
    [[{ every: 2, offset: 2 }], /offset: expected a whole number from 0 to every − 1 = 1, got 2/],
    [
      [{ during: [0.5, 0.5] as const }],
      /during: expected two shares of the run, 0 ≤ from < until ≤ 1, got \[0\.5, 0\.5\]/,
    ],
    [[{ name: 'x/y' }], /'x\/y' is no name/],
    [[{ name: 'x' }, { name: 'x' }], /two groups are called 'x'/],
  ])('refuses %j', (groups, message) => {
    const whole = groups.map((group) => ({ tensors: '*', optimizer: sgd({ learningRate: 0.1 }), ...group }))
    expect(() => partition(whole)).toThrow(message)
  })
})
