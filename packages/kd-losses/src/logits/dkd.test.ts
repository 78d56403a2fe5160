import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { logitContext } from '../testing/features.ts'
import { decoupledTerms, finiteDifferences, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples, temperatures, type Sample } from '../testing/samples.ts'
import { dkd, dkdLoss, type DkdOptions } from './dkd.ts'
import { kdLoss } from './kd.ts'

function plain({ student, teacher, labels }: Sample, { alpha = 1, beta = 8, temperature: T = 4 }: DkdOptions): number {
  const terms = student.map((row, b) => decoupledTerms(row, teacher[b]!, labels[b]!, T))
  return T * T * mean(terms.map(({ target, others }) => alpha * target + beta * others))
}

/** Logarithms of probabilities around 1 are known to 1.2e-7, and a divergence near 0 is a difference of them. */
const rounding = ({ alpha = 1, beta = 8, temperature: T = 4 }: DkdOptions) => 2 * 1.2e-7 * T * T * (alpha + beta)

const run = ({ student, teacher, labels }: Sample, options: DkdOptions = {}) =>
  evaluate((x, y) => dkdLoss(x.student, x.teacher, y, options), student, teacher, labels)

const single = (sample: Sample, b: number): Sample => ({
  student: [sample.student[b]!],
  teacher: [sample.teacher[b]!],
  labels: [sample.labels[b]!],
})

const zeros = (x: Matrix) => x.map((row) => row.map(() => 0))

describe.each(backends)('dkdLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition', async () => {
    const weights = fc.record({
      alpha: fc.constantFrom(0, 1, 2),
      beta: fc.constantFrom(0, 0.5, 8),
      temperature: temperatures,
    })
    await fc.assert(
      fc.asyncProperty(samples, weights, async (sample, options) => {
        const actual = await run(sample, options)
        expectClose([[actual.value]], [[plain(sample, options)]], 1e-5, Math.max(1, rounding(options) / 1e-5))
        const expected = finiteDifferences((student) => plain({ ...sample, student }, options), sample.student)
        expectClose(actual.student, expected, 1e-5, 1)
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('is as near to 0 as float32 allows where the student almost equals the teacher', async () => {
    const sample = { student: [[0, 0, 0, -0.00016153186152223498]], teacher: [[0, 0, 0, 0]], labels: [0] }
    const options = { alpha: 0, beta: 8, temperature: 4 }
    const { value, student } = await run(sample, options)
    expect(Math.abs(value - plain(sample, options))).toBeLessThan(rounding(options))
    // 32 · (p̂_s − p̂_t), by hand
    const e = Math.exp(sample.student[0]![3]! / 4)
    const gradient = [1, 1, e].map((weight) => 32 * (weight / (2 + e) - 1 / 3))
    expectClose(student, [[0, ...gradient]], 1e-5, 1)
  })

  it('adds up to kdLoss per sample: KD = TCKD + (1 − p_t(y)) · NCKD', async () => {
    await fc.assert(
      fc.asyncProperty(samples, temperatures, async (sample, temperature) => {
        const one = single(sample, 0)
        const target = await run(one, { alpha: 1, beta: 0, temperature })
        const others = await run(one, { alpha: 0, beta: 1, temperature })
        const whole = await evaluate((x) => kdLoss(x.student, x.teacher, { temperature }), one.student, one.teacher)
        const rest = 1 - softmax(one.teacher[0]!, temperature)[one.labels[0]!]!
        expectClose([[target.value + rest * others.value]], [[whole.value]], 1e-5, 1)
      }),
      { numRuns: 40 },
    )
  })

  it('is 0 with gradient 0 where the student equals the teacher', async () => {
    await fc.assert(
      fc.asyncProperty(samples, temperatures, async (sample, temperature) => {
        const actual = await run({ ...sample, teacher: sample.student }, { temperature })
        expect(actual).toEqual({ value: 0, student: zeros(sample.student), teacher: undefined })
      }),
      { numRuns: 20 },
    )
  })

  it('has a term over the other classes that does not know the target’s logit', async () => {
    const sample: Sample = { student: [[1, 2, 4, 0]], teacher: [[2, 0, 1, 3]], labels: [2] }
    const raised: Sample = { ...sample, student: [[1, 2, 400, 0]], teacher: [[2, 0, -90, 3]] }
    const options = { alpha: 0, beta: 1, temperature: 1 }
    const [expected, actual] = [await run(sample, options), await run(raised, options)]
    expect(actual.value).toBe(expected.value)
    expect(actual.student).toEqual(expected.student)
    expect(actual.student[0]![2]).toBe(0)
  })

  it('has a term of the target that knows nothing else of the teacher than p_t(y)', async () => {
    const sample: Sample = { student: [[1, 2, 4, 0]], teacher: [[2, 0, 1, 3]], labels: [2] }
    const permuted: Sample = { ...sample, teacher: [[0, 3, 1, 2]] }
    const options = { alpha: 1, beta: 0, temperature: 1 }
    const [expected, actual] = [await run(sample, options), await run(permuted, options)]
    expectClose([[actual.value]], [[expected.value]], 1e-6)
    expectClose(actual.student, expected.student, 1e-6)
  })

  it('stays finite and right for logits of ±100', async () => {
    for (const temperature of [1, 4]) {
      const actual = await run(extreme, { temperature })
      expectClose([[actual.value]], [[plain(extreme, { temperature })]], 1e-5)
      expect(actual.student.flat().every(Number.isFinite)).toBe(true)
    }
  })

  it('has alpha 1, beta 8 and temperature 4 by default', async () => {
    const sample: Sample = { student: [[1, 2, 4, 0]], teacher: [[2, 0, 1, 3]], labels: [2] }
    expectClose([[(await run(sample)).value]], [[plain(sample, { alpha: 1, beta: 8, temperature: 4 })]], 1e-5)
  })
})

describe('dkd', () => {
  it('applies dkdLoss to logits and labels', async () => {
    const sample: Sample = { student: [[1, 2, 4, 0]], teacher: [[2, 0, 1, 3]], labels: [2] }
    const loss = dkd({ beta: 2, temperature: 1 })
    expect(loss.name).toBe('dkd')
    const actual = await evaluate(
      (x, labels) => loss.compute(logitContext(x, labels)),
      sample.student,
      sample.teacher,
      sample.labels,
    )
    expectClose([[actual.value]], [[plain(sample, { beta: 2, temperature: 1 })]], 1e-5)
  })
})
