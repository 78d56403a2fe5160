import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, tensor, useBackend } from '../testing/evaluate.ts'
import { logitContext } from '../testing/features.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples, temperatures } from '../testing/samples.ts'
import { kd, kdLoss } from './kd.ts'

const plain = (s: Matrix, t: Matrix, T: number) =>
  T * T * mean(s.map((row, b) => kl(softmax(t[b]!, T), softmax(row, T))))

const run = (s: Matrix, t: Matrix, temperature?: number) =>
  evaluate(({ student, teacher }) => kdLoss(student, teacher, temperature === undefined ? {} : { temperature }), s, t)

describe.each(backends)('kdLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition', async () => {
    await fc.assert(
      fc.asyncProperty(samples, temperatures, async ({ student, teacher }, T) => {
        const actual = await run(student, teacher, T)
        expectClose([[actual.value]], [[plain(student, teacher, T)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, teacher, T), student),
          1e-5,
          1,
        )
      }),
      { numRuns: 40 },
    )
  })

  it('is 0 with gradient 0 where the student equals the teacher, and never below', async () => {
    await fc.assert(
      fc.asyncProperty(samples, temperatures, async ({ student, teacher }, T) => {
        expect(await run(student, student, T)).toEqual({
          value: 0,
          student: student.map((r) => r.map(() => 0)),
          teacher: undefined,
        })
        expect((await run(student, teacher, T)).value).toBeGreaterThanOrEqual(-1e-6 * T * T)
      }),
      { numRuns: 20 },
    )
  })

  it('does not change when a constant is added to the logits of a row', async () => {
    const student = [[1, 2, 4], [0, -3, 2]] // prettier-ignore
    const teacher = [[2, 0, 1], [1, 1, 5]] // prettier-ignore
    const moved = (x: Matrix, by: number) => x.map((row, b) => row.map((value) => value + by * (b + 1)))
    const actual = await run(moved(student, 16), moved(teacher, -8))
    const expected = await run(student, teacher)
    expectClose([[actual.value]], [[expected.value]], 1e-5)
    expectClose(actual.student, expected.student, 1e-5)
  })

  it('tends to half the mean square of the centered logits’ difference as T grows', async () => {
    const student = [[1, 2, 4, -1]]
    const teacher = [[2, 0, 1, 3]]
    const centered = (row: readonly number[]) => row.map((x) => x - mean(row))
    const difference = centered(student[0]!).map((x, c) => x - centered(teacher[0]!)[c]!)
    const limit = mean(difference.map((d) => (d * d) / 2))
    // The next term of the series is of order 1/T; float32 leaves about T²·1e-7.
    expectClose([[(await run(student, teacher, 60)).value]], [[limit]], 0.02)
  })

  it('has a temperature of 4 by default', async () => {
    const student = [[1, 2, 4]]
    const teacher = [[2, 0, 1]]
    expectClose([[(await run(student, teacher)).value]], [[plain(student, teacher, 4)]], 1e-5)
  })

  it('stays finite for logits of ±100', async () => {
    const { value, student } = await run(extreme.student, extreme.teacher, 1)
    expectClose([[value]], [[plain(extreme.student, extreme.teacher, 1)]], 1e-5)
    expect(student.flat().every(Number.isFinite)).toBe(true)
  })

  it('lets no gradient into the teacher, even where both come from one variable', async () => {
    const shared = tensor([[1, 2, 4]])
    const gradient = tf.grad((x: tf.Tensor) => kdLoss(tf.mul(x, 2), tf.mul(x, 3) as tf.Tensor2D))(shared)
    const expected = await run([[2, 4, 8]], [[3, 6, 12]])
    expectClose((await gradient.array()) as number[][], [expected.student[0]!.map((g) => 2 * g)], 1e-5)
    tf.dispose([shared, gradient])
  })
})

describe('kd', () => {
  it('applies kdLoss to the logits', async () => {
    const loss = kd({ temperature: 2 })
    expect(loss.name).toBe('kd')
    const student = [[1, 2, 4]]
    const teacher = [[2, 0, 1]]
    const actual = await evaluate((x, labels) => loss.compute(logitContext(x, labels)), student, teacher)
    expectClose([[actual.value]], [[plain(student, teacher, 2)]], 1e-5)
  })
})
