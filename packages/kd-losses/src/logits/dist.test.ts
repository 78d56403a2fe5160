import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { drawn, rows, logitContext } from '../testing/features.ts'
import { finiteDifferences, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { samples, temperatures } from '../testing/samples.ts'
import { dist, distLoss } from './dist.ts'

function correlation(a: readonly number[], b: readonly number[]): number {
  const centered = (x: readonly number[]) => x.map((value) => value - mean(x))
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  const [x, y] = [centered(a), centered(b)]
  return dot(x, y) / (Math.sqrt(dot(x, x) * dot(y, y)) + 1e-8)
}

const transposed = (x: Matrix): number[][] => x[0]!.map((_, j) => x.map((row) => row[j]!))
const rowTerm = (p: Matrix, q: Matrix) => mean(p.map((row, b) => 1 - correlation(row, q[b]!)))

function plain(s: Matrix, t: Matrix, T: number, beta: number, gamma: number): number {
  const [p, q] = [s, t].map((x) => x.map((row) => softmax(row, T))) as unknown as [Matrix, Matrix]
  return T * T * (beta * rowTerm(p, q) + gamma * rowTerm(transposed(p), transposed(q)))
}

const batches = samples.filter(({ student }) => student.length > 1)
const run = (s: Matrix, t: Matrix, temperature: number, beta = 1, gamma = 1) =>
  evaluate(({ student, teacher }) => distLoss(student, teacher, { beta, gamma, temperature }), s, t)

/** Logits whose probabilities differ clearly between images: near-constant classes magnify rounding errors. */
const logits = (name: string, batch: number, classes: number) => rows(drawn(name, [batch, classes]))

describe.each(backends)('distLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition', async () => {
    for (const [batch, classes] of [
      [3, 3],
      [4, 6],
      [5, 4],
      [6, 10],
    ] as const) {
      // prettier-ignore
      const [s, t] = [logits('s', batch, classes), logits('t', batch, classes)]
      for (const T of [0.5, 1, 4]) {
        const actual = await run(s, t, T, 2, 0.5)
        expectClose([[actual.value]], [[plain(s, t, T, 2, 0.5)]], 2e-5)
        expectClose(
          actual.student,
          finiteDifferences((x) => plain(x, t, T, 2, 0.5), s),
          1e-4,
        )
        expect(actual.teacher).toBeUndefined()
      }
    }
  })

  it('has terms from 0 to 2 T² each, and is 0 where student and teacher agree', async () => {
    await fc.assert(
      fc.asyncProperty(batches, temperatures, async ({ student, teacher }, T) => {
        for (const [beta, gamma] of [
          [1, 0],
          [0, 1],
        ] as const) {
          // prettier-ignore
          const { value, student: gradient } = await run(student, teacher, T, beta, gamma)
          expect(value).toBeGreaterThanOrEqual(-1e-5 * T * T)
          expect(value).toBeLessThanOrEqual((2 + 1e-5) * T * T)
          expect(gradient.flat().every(Number.isFinite)).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
    const [x] = [[[1, 2, 4], [0, -3, 2], [1, 1, 0]]] // prettier-ignore
    expectClose([[(await run(x!, x!, 1)).value]], [[0]], 1e-6, 1)
  })

  it('compares classes as it compares images of the transposed probabilities', async () => {
    const [s, t] = [logits('s', 4, 5), logits('t', 4, 5)]
    // Rows of log pᵀ: their softmax is a multiple of the column, and a correlation does not see the multiple.
    const columns = (x: Matrix) => transposed(x.map((row) => softmax(row).map(Math.log)))
    const byClass = await run(s, t, 1, 0, 1)
    const byImage = await run(columns(s), columns(t), 1, 1, 0)
    expectClose([[byClass.value]], [[byImage.value]], 1e-5)
    expect(byClass.value).toBeGreaterThan(0.1)
  })

  it('gives constant rows no correlation and no gradient', async () => {
    for (const constant of [
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      [
        [0.7, 0.7, 0.7],
        [-5, -5, -5],
      ],
    ]) {
      // prettier-ignore
      const { value, student } = await run(constant, [[1, 2, 3], [0, 1, 0]], 1) // prettier-ignore
      expectClose([[value]], [[2]], 1e-6)
      expect(student.flat().map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0])
    }
  })

  it('has β = γ = 1 and T = 1 by default', async () => {
    const [s, t] = [[[1, 2, 4], [0, -3, 2]], [[2, 0, 1], [1, 1, 5]]] // prettier-ignore
    const actual = await evaluate((x, labels) => dist().compute(logitContext(x, labels)), s!, t!)
    expectClose([[actual.value]], [[plain(s!, t!, 1, 1, 1)]], 1e-5)
  })
})
