import { describe, expect, it } from 'vitest'
import { deviation, mean } from './statistics.ts'
import { summarize, type Trial } from './study-result.ts'
import { studyTable } from './study-table.ts'

const cost = { parameters: { student: 1000, 'dynamic-teacher': 4000 }, stepFlops: 1.5e9 }
const trial = (seed: number, accuracy: number | null): Trial => ({
  seed,
  outcome: accuracy === null ? 'diverged' : 'completed',
  accuracy,
  seconds: 2 + seed,
  cost,
  maxSteps: null,
  missing: [],
})

describe('statistics', () => {
  it('are those of a sample', () => {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 32, divided by 7.
    const values = [2, 4, 4, 4, 5, 5, 7, 9]
    expect(mean(values)).toBe(5)
    expect(deviation(values)).toBeCloseTo(Math.sqrt(32 / 7), 12)
    expect(deviation([3])).toBe(0)
  })
})

describe('a study', () => {
  const trials = new Map([
    ['alone', [trial(0, 0.8), trial(1, 0.9)]],
    ['gpd', [trial(0, 0.95), trial(1, null)]],
    ['hot', [trial(0, null)]],
    ['not yet', []],
  ])
  const arms = summarize(trials, 'alone')

  it('compares the arms that were trained by those seeds that did not diverge', () => {
    expect(arms.map(({ name, accuracy, difference, seconds }) => ({ name, accuracy, difference, seconds }))).toEqual([
      {
        name: 'alone',
        accuracy: { mean: expect.closeTo(0.85), deviation: expect.closeTo(Math.SQRT1_2 * 0.1) },
        difference: 0,
        seconds: 2.5,
      },
      { name: 'gpd', accuracy: { mean: 0.95, deviation: 0 }, difference: expect.closeTo(0.1), seconds: 2.5 },
      { name: 'hot', accuracy: null, difference: null, seconds: 2 },
    ])
  })

  it('is shown as a table', () => {
    expect(studyTable(arms, 'alone').split('\n')).toEqual([
      'arm     test accuracy  difference  training     parameters  GFLOPs a step   seeds',
      'alone  85.00 ± 7.07 %    baseline     2.5 s  1,000 + 4,000           1.50       2',
      'gpd           95.00 %      +10.00     2.5 s  1,000 + 4,000           1.50  1 of 2',
      'hot          diverged                 2.0 s  1,000 + 4,000           1.50  0 of 1',
    ])
  })
})
