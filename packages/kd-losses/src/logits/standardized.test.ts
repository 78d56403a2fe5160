import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, tensor, useBackend } from '../testing/evaluate.ts'
import { actorOf, logitContext } from '../testing/features.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { samples } from '../testing/samples.ts'
import { kd } from './kd.ts'
import { mlkd, mlkdLoss } from './mlkd.ts'
import { standardized, standardizeLogits } from './standardized.ts'

function standardizedRow(row: readonly number[]): number[] {
  const center = mean(row)
  const deviation = Math.sqrt(row.reduce((sum, x) => sum + (x - center) ** 2, 0) / (row.length - 1))
  return row.map((x) => (x - center) / (1e-7 + deviation))
}

const plain = (s: Matrix, t: Matrix, T: number) =>
  T * T * mean(s.map((row, b) => kl(softmax(standardizedRow(t[b]!), T), softmax(standardizedRow(row), T))))

const run = (s: Matrix, t: Matrix) =>
  evaluate((x, labels) => standardized(kd({ temperature: 2 })).compute(logitContext(x, labels)), s, t)

// Rows that are nearly constant have no direction to keep.
const spread = (x: Matrix) => x.map((row) => row.map((value, c) => Math.fround(value + 3 * c)))

describe.each(backends)('standardized logits on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('give the loss of the definition, and its gradient', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher }) => {
        const [s, t] = [spread(student), spread(teacher)]
        const wide = s.every((row) => Math.max(...row) - Math.min(...row) > 1)
        fc.pre(wide && t.every((row) => Math.max(...row) - Math.min(...row) > 1))
        const actual = await run(s, t)
        expectClose([[actual.value]], [[plain(s, t, 2)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((x) => plain(x, t, 2), s),
          1e-4,
          1,
        )
      }),
      { numRuns: 30 },
    )
  })

  it('do not depend on the scale and the shift of either side', async () => {
    const [s, t] = [[[1, 2, 4], [0, -3, 2]], [[2, 0, 1], [1, 1, 5]]] // prettier-ignore
    const changed = (x: Matrix) => x.map((row, b) => row.map((value) => (b + 2) * value - 8 * b))
    const { value } = await run(s!, t!)
    for (const other of [await run(changed(s!), t!), await run(s!, changed(t!))])
      expectClose([[other.value]], [[value]], 1e-5)
  })

  it('have mean 0 and unbiased deviation 1; constant ones stay 0 with a finite gradient', async () => {
    const x = tensor([[1, 3, 8], [2, 2, 2]]) // prettier-ignore
    const y = standardizeLogits(x)
    const gradient = tf.grad((z: tf.Tensor) => tf.sum(tf.mul(standardizeLogits(z as tf.Tensor2D), x)))(x)
    const rows = (await y.array()) as number[][]
    expectClose([[mean(rows[0]!), Math.sqrt((3 / 2) * mean(rows[0]!.map((v) => v * v)))]], [[0, 1]], 1e-6)
    expect(rows[1]).toEqual([0, 0, 0])
    expect([...(await gradient.data())].every(Number.isFinite)).toBe(true)
    tf.dispose([x, y, gradient])
  })

  it('are those of every view that the loss looks at', async () => {
    const [s, t] = [tensor([[1, 2, 4], [0, -3, 2]]), tensor([[2, 0, 1], [1, 1, 5]])] // prettier-ignore
    const pair = (x: tf.Tensor2D, y: tf.Tensor2D) => ({ student: actorOf(x), teacher: actorOf(y) })
    const labels = tf.tensor1d([0, 1], 'int32')
    const actual = standardized(mlkd()).compute({ ...pair(s, t), views: { strong: pair(t, s) }, labels, fields: {} })
    const [zs, zt] = [standardizeLogits(s), standardizeLogits(t)]
    const expected = mlkdLoss({ weak: { student: zs, teacher: zt }, strong: { student: zt, teacher: zs } })
    expectClose([[(await actual.data())[0]!]], [[(await expected.data())[0]!]], 1e-6)
    tf.dispose([s, t, labels, actual, zs, zt, expected])
  })

  it('keep name and taps apart from those of the loss itself', () => {
    expect(standardized({ ...kd(), taps: { student: ['a'] } })).toMatchObject({
      name: 'standardized-kd',
      taps: { student: ['a'] },
    })
  })
})
