import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { logitContext } from '../testing/features.ts'
import { crossEntropyOf, entropy, finiteDifferences, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples } from '../testing/samples.ts'
import { kdLoss } from './kd.ts'
import { softCrossEntropy, softCrossEntropyLoss, type SoftCrossEntropyOptions } from './soft-cross-entropy.ts'

const target = (t: readonly number[], smoothing: number) =>
  softmax(t).map((p) => (1 - smoothing) * p + smoothing / t.length)

const plain = (s: Matrix, t: Matrix, smoothing: number) =>
  mean(s.map((row, b) => crossEntropyOf(target(t[b]!, smoothing), softmax(row))))

const run = (s: Matrix, t: Matrix, options: SoftCrossEntropyOptions = {}) =>
  evaluate(({ student, teacher }) => softCrossEntropyLoss(student, teacher, options), s, t)

const smoothings = fc.constantFrom(0, 0.1, 0.5, 1)
const uniform = (x: Matrix) => x.map((row) => row.map(() => 0))

describe.each(backends)('softCrossEntropyLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is cross-entropy with the mixed target, and its gradient is that of the definition', async () => {
    await fc.assert(
      fc.asyncProperty(samples, smoothings, async ({ student, teacher }, smoothing) => {
        const actual = await run(student, teacher, { smoothing })
        expectClose([[actual.value]], [[plain(student, teacher, smoothing)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, teacher, smoothing), student),
          1e-5,
          1,
        )
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  it('is 0.9 of the unsmoothed loss plus 0.1 of that against a uniform target', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher }) => {
        const smooth = await run(student, teacher, { smoothing: 0.1 })
        const sharp = await run(student, teacher)
        const even = await run(student, uniform(teacher))
        expectClose([[smooth.value]], [[0.9 * sharp.value + 0.1 * even.value]], 1e-5)
      }),
      { numRuns: 20 },
    )
  })

  it('is kdLoss at temperature 1 plus the entropy of the teacher, without smoothing', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher }) => {
        const soft = await run(student, teacher)
        const hinton = await evaluate((x) => kdLoss(x.student, x.teacher, { temperature: 1 }), student, teacher)
        const teacherEntropy = mean(teacher.map((row) => entropy(softmax(row))))
        expectClose([[soft.value]], [[hinton.value + teacherEntropy]], 1e-5, 1)
        expectClose(soft.student, hinton.student, 1e-5, 1)
      }),
      { numRuns: 20 },
    )
  })

  it('pulls towards uniform where student and teacher agree: gradient 0.1 (p − 1/C) / B', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student }) => {
        const actual = await run(student, student, { smoothing: 0.1 })
        const expected = student.map((row) => softmax(row).map((p) => (0.1 * (p - 1 / row.length)) / student.length))
        expectClose(actual.student, expected, 1e-5, 1e-2)
      }),
      { numRuns: 20 },
    )
  })

  it('stays finite and right for logits of ±100', async () => {
    const actual = await run(extreme.student, extreme.teacher, { smoothing: 0.1 })
    expectClose([[actual.value]], [[plain(extreme.student, extreme.teacher, 0.1)]], 1e-5)
    expect(actual.student.flat().every(Number.isFinite)).toBe(true)
  })
})

describe('softCrossEntropy', () => {
  it('applies softCrossEntropyLoss to the logits', async () => {
    const loss = softCrossEntropy({ smoothing: 0.3 })
    expect(loss.name).toBe('soft-cross-entropy')
    const student = [[1, 2, 4]]
    const teacher = [[2, 0, 1]]
    const actual = await evaluate((x, labels) => loss.compute(logitContext(x, labels)), student, teacher)
    expectClose([[actual.value]], [[plain(student, teacher, 0.3)]], 1e-5)
  })
})
