import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { finiteDifferences, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples } from '../testing/samples.ts'
import { crossEntropy } from './cross-entropy.ts'

const plain = (s: Matrix, labels: readonly number[]) => mean(s.map((row, b) => -Math.log(softmax(row)[labels[b]!]!)))

const run = (s: Matrix, labels: readonly number[]) =>
  evaluate(({ student }, y) => crossEntropy(student, y), s, s, labels)

describe.each(backends)('crossEntropy on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is −log p_y, and its gradient is (p − 1_y) / B', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, labels }) => {
        const actual = await run(student, labels)
        expectClose([[actual.value]], [[plain(student, labels)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, labels), student),
          1e-5,
          1,
        )
        const residual = student.map((row, b) =>
          softmax(row).map((p, c) => (p - Number(c === labels[b])) / student.length),
        )
        expectClose(actual.student, residual, 1e-5, 1)
      }),
      { numRuns: 40 },
    )
  })

  it('is ln C for equal logits', async () => {
    expectClose([[(await run([[7, 7, 7, 7]], [3])).value]], [[Math.log(4)]], 1e-6)
  })

  it('is finite and right for logits of ±100', async () => {
    // Row 1 splits between two classes, row 2 is certain, row 3 is uniform.
    const actual = await run(extreme.student, extreme.labels)
    expectClose([[actual.value]], [[(Math.log(2) + 0 + Math.log(4)) / 3]], 1e-6)
    const wrong = await run([[100, -100, 0]], [1])
    expect(wrong.value).toBe(200)
    expectClose(wrong.student, [[1, -1, 0]], 1e-6)
  })
})
