import { randomStream } from '@gpdjs/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluateFeatures, expectClose, labelTensor, useBackend, type Values } from '../testing/evaluate.ts'
import { contextOf, drawn, mapped, prepared, rows, setupOf } from '../testing/features.ts'
import { finiteDifferences, mean, type Matrix } from '../testing/plain-math.ts'
import { nd, ndLoss } from './nd.ts'

const LABELS = [2, 0, 4, 2]
const [STUDENT, TEACHER, CENTERS] = [drawn('s', [4, 6]), drawn('t', [4, 6]), drawn('centers', [5, 6])]

function plain(s: Matrix, t: Matrix, centers: Matrix): number {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
  return mean(
    s.map((row, b) => {
      const center = centers[LABELS[b]!]!
      return 1 - dot(row, center) / Math.hypot(...center) / Math.max(Math.hypot(...row), Math.hypot(...t[b]!))
    }),
  )
}

const run = (s: Values, t: Values = TEACHER, centers: Values = CENTERS) =>
  evaluateFeatures((x) => ndLoss(x['s']!, x['t']!, x['y'] as tf.Tensor1D, x['centers'] as tf.Tensor2D), {
    s,
    t,
    centers,
    y: { shape: [4], data: LABELS },
  })

describe.each(backends)('ndLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition, shorter and longer than the teacher', async () => {
    for (const scale of [0.1, 1, 10]) {
      const s = mapped(STUDENT, (x) => Math.fround(scale * x))
      const { value, gradients } = await run(s)
      const f = (x: Matrix) => plain(x, rows(TEACHER), rows(CENTERS))
      expectClose([[value]], [[f(rows(s))]], 1e-5)
      expectClose([gradients['s']!], [finiteDifferences(f, rows(s)).flat()], 1e-4)
      expect(Object.keys(gradients)).toEqual(['s'])
    }
  })

  it('is 1 − cos for features that are longer than the teacher’s, so their length does not matter', async () => {
    const [ten, twenty] = [10, 20].map((by) => mapped(STUDENT, (x) => by * x))
    expectClose([[(await run(ten!)).value]], [[(await run(twenty!)).value]], 1e-5)
    // Shorter ones count in proportion.
    const [small, smaller] = [0.02, 0.01].map((by) => mapped(STUDENT, (x) => by * x))
    expectClose([[1 - (await run(small!)).value]], [[2 * (1 - (await run(smaller!)).value)]], 1e-4)
  })

  it('is from 0, for the direction of the class mean, to 2', async () => {
    const towards = { shape: [4, 6], data: LABELS.flatMap((label) => rows(CENTERS)[label]!.map((x) => 100 * x)) }
    expectClose([[(await run(towards)).value]], [[0]], 1e-6, 1)
    expectClose([[(await run(mapped(towards, (x) => -x))).value]], [[2]], 1e-6)
  })

  it('stays finite for features of 0', async () => {
    const zero = mapped(STUDENT, () => 0)
    const { value, gradients } = await run(zero, zero)
    expect(value).toBe(1)
    expect(gradients['s']!.every(Number.isFinite)).toBe(true)
  })
})

describe.each(backends)('nd on %s', (backend) => {
  beforeAll(() => useBackend(backend))
  const shapes = { pool: [6] }

  it('uses the class means that it is given', async () => {
    const loss = nd({ centers: rows(CENTERS) })
    const { memory } = prepared(loss, setupOf(shapes, shapes))
    const { value } = await evaluateFeatures(
      ({ s, t, y }) => loss.compute(contextOf({ pool: s! }, { pool: t! }, { labels: y as tf.Tensor1D, memory })),
      { s: STUDENT, t: TEACHER, y: { shape: [4], data: LABELS } },
    )
    expectClose([[value]], [[plain(rows(STUDENT), rows(TEACHER), rows(CENTERS))]], 1e-5)
    tf.dispose(Object.values(memory))
  })

  it('keeps the running mean of what the teacher saw of each class', async () => {
    const loss = nd()
    let { memory } = prepared(loss, setupOf(shapes, shapes))
    const seen: { label: number; feature: number[] }[] = []
    const batches = [LABELS, [2, 2, 1, 0]] as const
    for (const [i, labels] of batches.entries()) {
      const [s, t] = [drawn(`s${i}`, [4, 6]), drawn(`t${i}`, [4, 6])]
      rows(t).forEach((feature, b) => seen.push({ label: labels[b]!, feature }))
      const moved: Record<string, tf.Tensor> = {}
      const tensors = { s: tf.tensor2d(rows(s)), t: tf.tensor2d(rows(t)), labels: labelTensor(labels) }
      tf.tidy(() => {
        loss.compute(
          contextOf(
            { pool: tensors.s },
            { pool: tensors.t },
            { labels: tensors.labels, memory, remember: (name, value) => (moved[name] = tf.keep(tf.clone(value))) },
          ),
        )
      })
      tf.dispose([Object.values(tensors), Object.values(memory)])
      memory = moved
    }
    const expected = [0, 1, 2, 3, 4].map((label) => {
      const own = seen.filter((image) => image.label === label).map(({ feature }) => feature)
      return Array.from({ length: 6 }, (_, c) => (own.length === 0 ? 0 : mean(own.map((feature) => feature[c]!))))
    })
    expectClose((await memory['means']!.array()) as number[][], expected, 1e-6)
    expect([...(await memory['counts']!.data())]).toEqual([2, 1, 4, 0, 1])
    tf.dispose(Object.values(memory))
  })

  it('looks through a head where the widths differ: batch normalization, dropout of half, a linear map', async () => {
    const loss = nd({ centers: rows(CENTERS) })
    const { heads, memory } = prepared(loss, setupOf({ pool: [3] }, { pool: [6] }))
    expect(Object.fromEntries(Object.entries(heads).map(([name, { shape }]) => [name, shape]))).toEqual({
      'projector.norm.weight': [3],
      'projector.norm.bias': [3],
      'projector.linear.weight': [3, 6],
      'projector.linear.bias': [6],
    })
    tf.dispose(Object.values(heads))
    const given = {
      'projector.norm.weight': drawn('gamma', [3], 1),
      'projector.norm.bias': drawn('beta', [3]),
      'projector.linear.weight': drawn('w', [3, 6]),
      'projector.linear.bias': drawn('b', [6]),
    }
    const s = drawn('s', [4, 3])
    const random = () => randomStream(3, 'nd')
    const actual = await evaluateFeatures(
      ({ s: features, t, y, ...own }) =>
        loss.compute(
          contextOf({ pool: features! }, { pool: t! }, { labels: y as tf.Tensor1D, memory, heads: own, random }),
        ),
      { s, t: TEACHER, y: { shape: [4], data: LABELS }, ...given },
    )
    const [gamma, beta, w, b] = Object.values(given)
    const stream = random()
    const mask = s.data.map(() => (stream.uniform() < 0.5 ? 0 : 2))
    const mapFeatures = (x: Matrix): number[][] => {
      const moments = [0, 1, 2].map((c) => {
        const column = x.map((row) => row[c]!)
        return { mean: mean(column), variance: mean(column.map((v) => (v - mean(column)) ** 2)) }
      })
      const normal = x.map((row, i) =>
        row.map((v, c) => {
          const { mean: m, variance } = moments[c]!
          return mask[3 * i + c]! * (((v - m) / Math.sqrt(variance + 1e-5)) * gamma!.data[c]! + beta!.data[c]!)
        }),
      )
      return normal.map((row) =>
        b!.data.map((bias, j) => row.reduce((sum, v, c) => sum + v * w!.data[6 * c + j]!, bias)),
      )
    }
    const f = (x: Matrix) => plain(mapFeatures(x), rows(TEACHER), rows(CENTERS))
    expectClose([[actual.value]], [[f(rows(s))]], 1e-5)
    expectClose([actual.gradients['s']!], [finiteDifferences(f, rows(s)).flat()], 1e-4)
    for (const name of Object.keys(given)) expect(actual.gradients[name]!.some((g) => g !== 0)).toBe(true)
    tf.dispose(Object.values(memory))
  })

  it('has no head where the widths are equal, and none if it is told so', () => {
    const equal = prepared(nd(), setupOf(shapes, shapes))
    expect(equal.heads).toEqual({})
    expect(() => nd({ project: false }).prepare?.(setupOf({ pool: [3] }, shapes))).toThrow(/nd: .*project: true/)
    expect(() => nd().prepare?.(setupOf({ pool: [2, 2, 3] }, shapes))).toThrow(/nd: expected vectors.*'pool'/)
    tf.dispose(Object.values(equal.memory))
  })

  it('refuses class means that are of another network, empty or zero, and a context without memory', () => {
    const own = (centers: number[][]) => nd({ centers }).prepare?.(setupOf(shapes, shapes))
    expect(() => own([[1, 2]])).toThrow(/expected class means of shape \[5, 6\], got \[1, 2\]/)
    expect(() => own([[0, 0], [1, 0]])).toThrow(/centers: expected a finite vector other than 0/) // prettier-ignore
    expect(() => own([[1], [1, 2]])).toThrow(/centers/) // prettier-ignore
    const x = tf.ones([2, 6])
    expect(() => nd().compute(contextOf({ pool: x }, { pool: x }))).toThrow(/context\.memory, got none/)
  })
})
