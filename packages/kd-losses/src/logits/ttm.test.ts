import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { logitContext } from '../testing/features.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples } from '../testing/samples.ts'
import { kdLoss } from './kd.ts'
import { ttm, ttmLoss, wttm, wttmLoss } from './ttm.ts'

const total = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0)

/** With the powers of the teacher's probabilities taken literally. */
function plain(s: Matrix, t: Matrix, gamma: number, isWeighted: boolean): number {
  return mean(
    s.map((row, b) => {
      const powers = softmax(t[b]!).map((p) => p ** gamma)
      const q = powers.map((power) => power / total(powers))
      return (isWeighted ? total(powers) : 1) * kl(q, softmax(row))
    }),
  )
}

const variants = [
  ['ttmLoss', ttmLoss, false],
  ['wttmLoss', wttmLoss, true],
] as const

describe.each(backends)('transformed teacher matching on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each(variants)('%s is the definition, and its gradient is that of the definition', async (_, loss, isWeighted) => {
    await fc.assert(
      fc.asyncProperty(samples, fc.constantFrom(0.1, 0.2, 1, 2), async ({ student, teacher }, gamma) => {
        const actual = await evaluate((x) => loss(x.student, x.teacher, { gamma }), student, teacher)
        expectClose([[actual.value]], [[plain(student, teacher, gamma, isWeighted)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, teacher, gamma, isWeighted), student),
          1e-5,
          1,
        )
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  it.each(variants)('%s is the divergence at temperature 1 for γ = 1', async (_, loss) => {
    const [s, t] = [[[1, 2, 4], [0, -3, 2]], [[2, 0, 1], [1, 1, 5]]] // prettier-ignore
    const expected = await evaluate((x) => kdLoss(x.student, x.teacher, { temperature: 1 }), s!, t!)
    const actual = await evaluate((x) => loss(x.student, x.teacher, { gamma: 1 }), s!, t!)
    expectClose([[actual.value]], [[expected.value]], 1e-5)
    expectClose(actual.student, expected.student, 1e-5)
  })

  it('weighs a teacher that knows nothing by classes^(1 − γ), one that is certain by 1', async () => {
    const weight = async (teacher: Matrix) => {
      const [s, gamma] = [[[3, 0, 0, 0]], 0.25]
      const weighted = await evaluate((x) => wttmLoss(x.student, x.teacher, { gamma }), s, teacher)
      const even = await evaluate((x) => ttmLoss(x.student, x.teacher, { gamma }), s, teacher)
      return weighted.value / even.value
    }
    expect(await weight([[0, 0, 0, 0]])).toBeCloseTo(4 ** 0.75, 5)
    expect(await weight([[200, 0, 0, 0]])).toBeCloseTo(1, 5)
  })

  it('stays finite for logits of ±100, with the paper’s γ by default', async () => {
    for (const [loss, gamma] of [
      [ttm(), 0.1],
      [wttm(), 0.2],
    ] as const) {
      // prettier-ignore
      const { value, student } = await evaluate(
        (x, labels) =>
          loss.compute(logitContext(x, labels)),
        extreme.student,
        extreme.teacher,
      )
      expectClose([[value]], [[plain(extreme.student, extreme.teacher, gamma, loss.name === 'wttm')]], 1e-5)
      expect(student.flat().every(Number.isFinite)).toBe(true)
    }
  })
})
