import { isGpdError } from '@gpdjs/core'
import fc from 'fast-check'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, tensor, useBackend } from '../testing/evaluate.ts'
import { actorOf } from '../testing/features.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { samples } from '../testing/samples.ts'
import { levels } from './alignment-levels.ts'
import { kdLoss } from './kd.ts'
import { mlkd, mlkdLoss, mlkdViewLoss } from './mlkd.ts'

const T = [4, 3, 5, 2, 6]
const product = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, i) => sum + x * b[i]![j]!, 0)))
const transposed = (x: Matrix): number[][] => x[0]!.map((_, j) => x.map((row) => row[j]!))
const distance = (a: Matrix, b: Matrix) =>
  a.flatMap((row, i) => row.map((x, j) => (x - b[i]![j]!) ** 2)).reduce((sum, x) => sum + x, 0)

/** The three terms over the rows and the columns that are named. */
function terms(s: Matrix, t: Matrix, temperature: number, images: readonly number[], classes: readonly number[]) {
  const [p, q] = [s, t].map((x) => images.map((b) => softmax(x[b]!, temperature))) as unknown as [Matrix, Matrix]
  const [columnsP, columnsQ] = [s, t].map((x) =>
    x.map((row) => classes.map((c) => softmax(row, temperature)[c]!)),
  ) as unknown as [Matrix, Matrix]
  return {
    instance: temperature ** 2 * mean(p.map((row, b) => kl(q[b]!, row))),
    batch: distance(product(q, transposed(q)), product(p, transposed(p))) / images.length,
    class: distance(product(transposed(columnsQ), columnsQ), product(transposed(columnsP), columnsP)) / classes.length,
  }
}

const all = (n: number) => Array.from({ length: n }, (_, i) => i)
const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0)

function atMostMedian(x: readonly number[]): number[] {
  const sorted = [...x].sort((a, b) => a - b)
  const middle = (sorted[Math.floor((x.length - 1) / 2)]! + sorted[Math.ceil((x.length - 1) / 2)]!) / 2
  return all(x.length).filter((i) => x[i]! <= middle)
}

function selection(t: Matrix) {
  const p = t.map((row) => softmax(row))
  return [atMostMedian(p.map((row) => Math.max(...row))), atMostMedian(transposed(p).map(sum))] as const
}

type Views = readonly [weakS: Matrix, weakT: Matrix, strongS: Matrix, strongT: Matrix]

function paper([ws, wt, ss, st]: Views): number {
  const [images, classes] = selection(wt)
  return sum(
    T.flatMap((temperature) => [
      ...Object.values(terms(ws, wt, temperature, images, classes)),
      ...Object.values(terms(ss, st, temperature, all(ss.length), all(ss[0]!.length))),
    ]),
  )
}

function release([ws, wt, ss, st]: Views): number {
  const [images, classes] = selection(wt)
  const [share, classShare] = [images.length / ws.length, classes.length / ws[0]!.length]
  const whole = (s: Matrix, t: Matrix, temperature: number) =>
    terms(s, t, temperature, all(s.length), all(s[0]!.length))
  return sum(
    T.map((temperature, i) => {
      const weak = whole(ws, wt, temperature)
      const strong = i < 3 ? whole(ss, st, temperature) : weak
      return share * (weak.instance + weak.batch) + classShare * weak.class + strong.instance
    }),
  )
}

// The weak half and the strong half of a batch, shifted apart so that no median is a tie by chance of rounding.
const views = samples.map(({ student, teacher }): Views => {
  const moved = (x: Matrix, a: number) =>
    x.map((row, b) => row.map((v, c) => Math.fround(v / 2 + Math.sin(a + 7 * b + c))))
  return [moved(student, 1), moved(teacher, 2), moved(student, 3), moved(teacher, 4)]
})

const run = ([ws, wt, ss, st]: Views, variant: 'paper' | 'release') =>
  evaluate(
    (x, labels) => {
      const half = (logits: tf.Tensor2D, i: number) => actorOf(tf.split(logits, 2)[i] as tf.Tensor2D)
      const pair = (i: number) => ({ student: half(x.student, i), teacher: half(x.teacher, i) })
      return mlkd({ variant }).compute({ ...pair(0), views: { strong: pair(1) }, labels, fields: {} })
    },
    [...ws, ...ss],
    [...wt, ...st],
  )

describe.each(backends)('mlkdLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it.each([
    ['paper', paper],
    ['release', release],
  ] as const)('is the definition of the %s, with its gradient', async (variant, plain) => {
    // prettier-ignore
    await fc.assert(
      fc.asyncProperty(views, async (x) => {
        const [ws, wt, ss, st] = x
        const actual = await run(x, variant)
        expectClose([[actual.value]], [[plain(x)]], 2e-5, 1)
        const half = ws.length
        const expected = finiteDifferences(
          (both) => plain([both.slice(0, half), wt, both.slice(half), st]),
          [...ws, ...ss],
        )
        expectClose(actual.student, expected, 1e-4, 1)
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  })

  it('is 0 where the student equals the teacher', async () => {
    const x = [[1, 2, 4], [0, -3, 2]] // prettier-ignore
    for (const variant of ['paper', 'release'] as const) {
      expectClose([[(await run([x, x, x, x], variant)).value]], [[0]], 1e-6, 1)
    }
  })

  it('refuses one view', () => {
    const x = tf.zeros<tf.Rank.R2>([2, 3])
    expect(() => mlkdLoss({ weak: { student: x, teacher: x } })).toThrow(/strong view.*mlkdViewLoss/)
    const one = actorOf(x)
    const labels = tf.zeros<tf.Rank.R1>([2], 'int32')
    expect(mlkd().views).toEqual(['strong'])
    for (const views of [{}, { views: {} }]) {
      const attempt = () => mlkd().compute({ student: one, teacher: one, labels, fields: {}, ...views })
      expect(attempt).toThrow(/context\.views\.strong.*got one view.*Use data with the view 'strong'/)
      expect(attempt).toThrow(expect.toSatisfy((e) => isGpdError(e) && e.code === 'data.missing'))
    }
    tf.dispose([x, labels])
  })
})

describe('mlkdViewLoss', () => {
  it('compares images and classes alike where every image is of a class of its own: ‖PᵀP‖ = ‖PPᵀ‖', async () => {
    const certain = [0, 1, 2].map((i) => [0, 1, 2].map((c) => (c === i ? 100 : 0)))
    const [permuted, uniform] = [[certain[1]!, certain[2]!, certain[0]!], certain.map((row) => row.map(() => 0))]
    const all = { images: tf.ones<tf.Rank.R2>([3, 1]), classes: tf.ones<tf.Rank.R2>([1, 3]) }
    const terms = async (s: Matrix, t: Matrix) => {
      const { batch, class: byClass } = levels({ student: tensor(s), teacher: tensor(t) }, all, 1)
      return [(await batch.data())[0]!, (await byClass.data())[0]!]
    }
    // P is a permutation: both products are the identity, whichever class is whose.
    expectClose([await terms(certain, permuted)], [[0, 0]], 1e-6, 1)
    // ‖I − J / 3‖² / 3 = 2 / 3
    expectClose([await terms(certain, uniform)], [[2 / 3, 2 / 3]], 1e-6)
  })

  it('is kdLoss and the two correlation terms', async () => {
    const [s, t] = [[[1, 2, 4], [0, -3, 2]], [[2, 0, 1], [1, 1, 5]]] as const // prettier-ignore
    const actual = await evaluate((x) => mlkdViewLoss(x, { temperatures: [4] }), s, t)
    const kd = await evaluate(({ student, teacher }) => kdLoss(student, teacher, { temperature: 4 }), s, t)
    const { batch, class: byClass } = terms(s, t, 4, [0, 1], [0, 1, 2])
    expectClose([[actual.value]], [[kd.value + batch + byClass]], 1e-5)
  })
})
