import { describe, expect, it } from 'vitest'
import { interleave } from './interleave.ts'
import { ratiosOf, tablesOf, type BenchReport } from './report.ts'

const spread = (median: number) => ({ median, min: median - 1, max: median + 2 })

describe('a report', () => {
  const steps = {
    D: { 'PyTorch plain': spread(50), 'tensorflow plain': spread(60), 'tensorflow gpd': spread(200) },
  }

  it('compares what was measured, and judges what has a goal', () => {
    expect(ratiosOf('D', steps.D)).toEqual([
      { label: 'tensorflow plain ÷ PyTorch plain', value: 1.2, atMost: 1.15 },
      { label: 'tensorflow gpd ÷ PyTorch plain', value: 4, atMost: 4.5 },
      { label: 'tensorflow gpd ÷ tensorflow plain', value: 200 / 60, atMost: undefined },
    ])
    const [times, ratios] = tablesOf({ steps } as unknown as BenchReport)
    expect(times!.rows[0]).toEqual(['D', '50 (49–52)', '60 (59–62)', '200 (199–202)'])
    expect(ratios!.rows[0]).toEqual(['D', '1.20 ✗ (≤ 1.15)', '4.00 ✓ (≤ 4.5)', '3.33'])
  })

  it('marks products and gradients that take more than 1.3 times the plain one', () => {
    const kernels = [
      {
        title: 'matMul',
        flops: 2e9,
        rows: [
          { name: 'a b', milliseconds: spread(100) },
          { name: 'aᵀ b', milliseconds: spread(130) },
          { name: 'a bᵀ', milliseconds: spread(131) },
        ],
      },
    ]
    const [table, summary] = tablesOf({ kernels } as unknown as BenchReport)
    expect(table!.rows).toEqual([
      ['a b', '100.00', '1.00', '20.0'],
      ['aᵀ b', '130.00', '1.30', '15.4'],
      ['a bᵀ', '131.00', '1.31 ✗', '15.3'],
    ])
    expect(summary!.rows).toEqual([['matMul', '100.00', '20.0', 'a bᵀ', '1.31 ✗']])
  })
})

describe('interleave', () => {
  it('takes the arms in turns, leaves warm-up out, and goes on without one that fails', async () => {
    const order: string[] = []
    const arm = (name: string, times: readonly number[]) => {
      let calls = 0
      return async () => {
        order.push(name)
        const time = times[calls++]
        if (time === undefined) throw new Error(`${name} is gone`)
        return time
      }
    }
    const arms = new Map([
      ['a', arm('a', [100, 3, 1, 2])],
      ['b', arm('b', [50])],
    ])
    const { times, failures } = await interleave(arms, { warmUp: 1, rounds: 3 })
    expect(order.join('')).toBe('ababaa')
    expect([...times]).toEqual([['a', { median: 2, min: 1, max: 3 }]])
    expect(failures.get('b')!.message).toBe('b is gone')
  })
})
