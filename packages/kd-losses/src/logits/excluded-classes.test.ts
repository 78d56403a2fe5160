import type * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DistillationLoss } from '@gpdjs/core'
import { losses } from '../losses.ts'
import { backends, evaluate, expectClose, useBackend } from '../testing/evaluate.ts'
import { logitContext } from '../testing/features.ts'
import { finiteDifferences, softmax, type Matrix } from '../testing/plain-math.ts'
import { binaryKd } from './binary-kd.ts'
import { crossEntropy } from './cross-entropy.ts'
import { dist } from './dist.ts'
import { dkd, dkdLoss } from './dkd.ts'
import { kd, kdLoss } from './kd.ts'
import { mlkdViewLoss } from './mlkd.ts'
import { ofa } from './ofa.ts'
import { rld, rldLoss } from './rld.ts'
import { softCrossEntropy } from './soft-cross-entropy.ts'
import { standardized } from './standardized.ts'
import { ttm, wttm } from './ttm.ts'

/** The loss of one view, as a plugin would have it. */
const mlkdView = (): DistillationLoss => ({
  name: 'mlkd',
  compute: ({ student, teacher }) => mlkdViewLoss({ student: student.logits, teacher: teacher.logits }),
})

/** Every loss of logits by its name in configurations. */
const LOSSES: Readonly<Record<string, () => DistillationLoss>> = {
  kd,
  'binary-kd': binaryKd,
  dkd,
  dist,
  ttm,
  wttm,
  rld,
  mlkd: mlkdView,
  ofa,
  'soft-cross-entropy': softCrossEntropy,
  standardized: () => standardized(kd()),
}

const FEATURES = ['fitnet', 'at', 'sp', 'pkt', 'nst', 'rkd', 'vid', 'crd', 'review-kd', 'nd']

it('every loss of logits is in this test', () => {
  expect(Object.keys(losses).sort()).toEqual([...Object.keys(LOSSES), ...FEATURES].sort())
})

/** Losses whose terms do not count the classes, so that a class that both exclude might as well not exist. */
const UNCOUNTED = ['kd', 'dkd', 'ttm', 'wttm', 'rld', 'ofa', 'soft-cross-entropy', 'standardized']

const STUDENT: Matrix = [
  [0.3, -1.2, 0.8, 2],
  [1.5, 0.1, -0.4, 0.9],
]
const TEACHER: Matrix = [
  [0.5, 1.1, -0.7, 1.4],
  [2, -0.3, 0.6, -1],
]
const LABELS = [0, 1] as const

/** The last class of each row replaced. */
const last = (rows: Matrix, value: number): Matrix => rows.map((row) => [...row.slice(0, -1), value])
const without = (rows: Matrix): Matrix => rows.map((row) => row.slice(0, -1))

const run = (loss: DistillationLoss, student: Matrix, teacher: Matrix, labels: readonly number[] = LABELS) =>
  evaluate((logits, y) => loss.compute(logitContext(logits, y)), student, teacher, labels)

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  const each = Object.entries(LOSSES)

  it.each(each.filter(([name]) => name !== 'standardized'))(
    '%s: a teacher that excludes a class is the limit of one that gives it nothing',
    async (_, create) => {
      const excluded = await run(create(), STUDENT, last(TEACHER, -Infinity))
      const limit = await run(create(), STUDENT, last(TEACHER, -1e4))
      expectClose([[excluded.value]], [[limit.value]], 1e-6)
      expectClose(excluded.student, limit.student, 1e-6)
    },
  )

  it.each(each.filter(([name]) => UNCOUNTED.includes(name)))(
    '%s: a class that both exclude might as well not exist',
    async (_, create) => {
      const excluded = await run(create(), last(STUDENT, -Infinity), last(TEACHER, -Infinity))
      const gone = await run(create(), without(STUDENT), without(TEACHER))
      expectClose([[excluded.value]], [[gone.value]], 1e-6)
      expectClose(
        excluded.student,
        gone.student.map((row) => [...row, 0]),
        1e-6,
      )
    },
  )

  it.each(each)('%s: finite, with a finite gradient, for a class that both exclude', async (_, create) => {
    const { value, student } = await run(create(), last(STUDENT, -Infinity), last(TEACHER, -Infinity))
    expect(Number.isFinite(value)).toBe(true)
    expect(student.flat().every(Number.isFinite)).toBe(true)
  })

  it.each(each.filter(([name]) => !['dist', 'standardized', 'mlkd'].includes(name)))(
    '%s: infinite where only the student excludes a class, with a finite gradient',
    async (_, create) => {
      const { value, student } = await run(create(), last(STUDENT, -Infinity), last(TEACHER, -1.5))
      expect(value).toBe(Infinity)
      expect(student.flat().every(Number.isFinite)).toBe(true)
    },
  )

  it.each(each)('%s: logits of ±1e30 give no NaN', async (_, create) => {
    const { value, student } = await run(create(), STUDENT, last(TEACHER, -1e30))
    const other = await run(create(), last(STUDENT, -1e30), last(TEACHER, -1e30))
    expect([value, other.value].every(Number.isFinite)).toBe(true)
    expect([...student, ...other.student].flat().every(Number.isFinite)).toBe(true)
  })

  it('kd: a teacher of ±1e30 is certain: T² log 3 for an even student, gradient T (1/3 − 1)', async () => {
    const { value, student } = await run(kd({ temperature: 2 }), [[0, 0, 0]], [[1e30, 0, -1e30]], [0])
    expectClose([[value]], [[4 * Math.log(3)]], 1e-6)
    expectClose(student, [[-4 / 3, 2 / 3, 2 / 3]], 1e-6)
  })

  it('kd: several excluded classes, in each row others', async () => {
    const teacher = [[0, -Infinity, -Infinity], [-Infinity, 1, 1]] // prettier-ignore
    const loss = ({ student, teacher }: { student: tf.Tensor2D; teacher: tf.Tensor2D }) =>
      kdLoss(student, teacher, { temperature: 1 })
    const { value, student } = await evaluate(loss, [[1, 2, 3], [0, 0, 0]], teacher) // prettier-ignore
    expectClose([[value]], [[(-Math.log(softmax([1, 2, 3])[0]!) + Math.log(1.5)) / 2]], 1e-6)
    const p = softmax([1, 2, 3])
    expectClose(student, [[(p[0]! - 1) / 2, p[1]! / 2, p[2]! / 2], [1 / 6, -1 / 12, -1 / 12]], 1e-6) // prettier-ignore
  })

  it('crossEntropy: an excluded class that is not the label adds nothing; the label excluded is infinite', async () => {
    const loss = ({ student }: { student: tf.Tensor2D }, y: tf.Tensor1D) => crossEntropy(student, y)
    const { value, student } = await evaluate(loss, [[0, 0, -Infinity]], [[0, 0, 0]], [1])
    expectClose([[value]], [[Math.LN2]], 1e-6)
    expectClose(student, [[0.5, -0.5, 0]], 1e-6)
    const excluded = await evaluate(loss, [[0, 0, -Infinity]], [[0, 0, 0]], [2])
    expect(excluded.value).toBe(Infinity)
    expectClose(excluded.student, [[0.5, 0.5, -1]], 1e-6)
  })

  it('dkd: a teacher that excludes all but the label teaches −T² log p_y and nothing about the others', async () => {
    const T = 2
    const plain = (rows: Matrix) => -T * T * Math.log(softmax(rows[0]!, T)[0]!)
    const loss = ({ student, teacher }: { student: tf.Tensor2D; teacher: tf.Tensor2D }, y: tf.Tensor1D) =>
      dkdLoss(student, teacher, y, { temperature: T })
    const s = [[0.5, 1, -1]]
    const { value, student } = await evaluate(loss, s, [[3, -Infinity, -Infinity]], [0])
    expectClose([[value]], [[plain(s)]], 1e-6)
    expectClose(student, finiteDifferences(plain, s), 1e-5)
  })

  it('dkd: a student that excludes all but the label agrees with such a teacher and with no other', async () => {
    const s = [[3, -Infinity, -Infinity]]
    expect((await run(dkd(), s, s, [0])).value).toBe(0)
    expect((await run(dkd(), s, [[0, 0, 0]], [0])).value).toBe(Infinity)
    expect((await run(dkd(), s, s, [0])).student).toEqual([[0, 0, 0]])
  })

  it('dkd: a label that both exclude leaves the term over the others', async () => {
    const both = await run(dkd({ beta: 1, temperature: 1 }), [[-Infinity, 1, 2]], [[-Infinity, 2, 1]], [0])
    const others = await run(kd({ temperature: 1 }), [[1, 2]], [[2, 1]])
    expectClose([[both.value]], [[others.value]], 1e-6)
    expectClose(both.student, [[0, ...others.student[0]!]], 1e-6)
  })

  it('rld: a teacher that excludes every class below the label teaches nothing about them', async () => {
    const loss = ({ student, teacher }: { student: tf.Tensor2D; teacher: tf.Tensor2D }, y: tf.Tensor1D) =>
      rldLoss(student, teacher, y)
    const m = Math.max(...softmax([1, 2]))
    const plain = ([row]: Matrix) => {
      const p = softmax(row!)[0]!
      return m * Math.log(m / p) + (1 - m) * Math.log((1 - m) / (1 - p))
    }
    const s = [[0.5, 1, -1]]
    const { value, student } = await evaluate(loss, s, [[1, 2, -Infinity]], [0])
    expectClose([[value]], [[plain(s)]], 1e-5)
    expectClose(student, finiteDifferences(plain, s), 1e-4)
  })
})
