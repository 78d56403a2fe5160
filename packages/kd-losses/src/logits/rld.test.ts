import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples } from '../testing/samples.ts'
import { dkdLoss } from './dkd.ts'
import { rldLoss } from './rld.ts'

const OPTIONS = { alpha: 2, beta: 3, temperature: 4, confidenceTemperature: 2 }

/** Both terms with classes cut out literally. */
function plain(
  s: Matrix,
  t: Matrix,
  labels: readonly number[],
  { alpha, beta, temperature, confidenceTemperature }: typeof OPTIONS,
) {
  return mean(
    s.map((row, b) => {
      const [teacher, y] = [t[b]!, labels[b]!]
      const certainty = Math.max(...softmax(teacher, confidenceTemperature))
      const own = softmax(row, confidenceTemperature)[y]!
      const lower = teacher.map((_, c) => c).filter((c) => teacher[c]! < teacher[y]!)
      const cut = (x: readonly number[]) =>
        softmax(
          lower.map((c) => x[c]!),
          temperature,
        )
      const confidence = kl([certainty, 1 - certainty], [own, 1 - own])
      const masked = lower.length === 0 ? 0 : kl(cut(teacher), cut(row))
      return alpha * confidenceTemperature ** 2 * confidence + beta * temperature ** 2 * masked
    }),
  )
}

const run = (s: Matrix, t: Matrix, labels: readonly number[], options: Partial<typeof OPTIONS> = OPTIONS) =>
  evaluate(({ student, teacher }, y) => rldLoss(student, teacher, y, options), s, t, labels)

describe.each(backends)('rldLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher, labels }) => {
        const actual = await run(student, teacher, labels)
        expectClose([[actual.value]], [[plain(student, teacher, labels, OPTIONS)]], 2e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, teacher, labels, OPTIONS), student),
          2e-5,
          1,
        )
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  it('is decoupled distillation where the teacher is right on every image', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher }) => {
        const labels = teacher.map((row) => row.indexOf(Math.max(...row)))
        fc.pre(teacher.every((row, b) => row.filter((value) => value === row[labels[b]!]).length === 1))
        const options = { alpha: 1, beta: 8, temperature: 4 }
        const actual = await run(student, teacher, labels, { ...options, confidenceTemperature: 4 })
        const expected = await evaluate((x, y) => dkdLoss(x.student, x.teacher, y, options), student, teacher, labels)
        expectClose([[actual.value]], [[expected.value]], 1e-5, 1)
        expectClose(actual.student, expected.student, 1e-5, 1)
      }),
      { numRuns: 20 },
    )
  })

  it('adds nothing for a row in which no class is below the label, ties included', async () => {
    const { value, student } = await run([[1, 2, 4]], [[0, 0, 5]], [1], { ...OPTIONS, alpha: 0 })
    expect(value).toBe(0)
    expect(student).toEqual([[0, 0, 0].map((x) => expect.closeTo(x, 10) as number)])
  })

  it('has the CIFAR options by default, and stays finite for logits of ±100', async () => {
    const [s, t, labels] = [[[1, 2, 4]], [[2, 0, 1]], [2]] // prettier-ignore
    const defaults = { alpha: 1, beta: 8, temperature: 4, confidenceTemperature: 1 }
    expectClose([[(await run(s!, t!, labels!, {})).value]], [[plain(s!, t!, labels!, defaults)]], 1e-5)
    const { value, student } = await run(extreme.student, extreme.teacher, extreme.labels)
    expect(Number.isFinite(value)).toBe(true)
    expect(student.flat().every(Number.isFinite)).toBe(true)
  })
})
