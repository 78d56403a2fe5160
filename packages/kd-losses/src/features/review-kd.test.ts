import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { attentionFusion } from '../heads/attention-fusion.ts'
import { backends, evaluateFeatures, expectClose, toTensor, useBackend, type Values } from '../testing/evaluate.ts'
import { contextOf, drawn, prepared, setupOf } from '../testing/features.ts'
import { mean } from '../testing/plain-math.ts'
import { hclLoss } from './hcl.ts'
import { reviewKd } from './review-kd.ts'

const run = (s: Values, t: Values) => evaluateFeatures((x) => hclLoss(x['s']!, x['t']!), { s, t })

const ones = (size: number): Values => ({ shape: [1, size, size, 1], data: Array<number>(size * size).fill(1) })
const zeros = (x: Values): Values => ({ ...x, data: x.data.map(() => 0) })

describe.each(backends)('hclLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('has weights that sum to 1 at every size, so that a constant difference counts fully', async () => {
    for (const size of [1, 2, 3, 4, 5, 8]) {
      expectClose([[(await run(ones(size), zeros(ones(size)))).value]], [[1]], 1e-6)
    }
  })

  it('is the mean squared error of a single position, and 0 for equal maps', async () => {
    const [s, t] = [drawn('s', [3, 1, 1, 4]), drawn('t', [3, 1, 1, 4])]
    expectClose([[(await run(s, t)).value]], [[mean(s.data.map((x, i) => (x - t.data[i]!) ** 2))]], 1e-6)
    expect((await run(s, s)).value).toBe(0)
  })

  it('weighs a map of 2 × 2 with 1 and its mean with ½', async () => {
    const s = { shape: [1, 2, 2, 1], data: [1, 2, 3, 6] }
    const expected = (mean(s.data.map((x) => x * x)) + mean(s.data) ** 2 / 2) / 1.5
    expectClose([[(await run(s, zeros(s))).value]], [[expected]], 1e-6)
  })
})

describe.each(backends)('reviewKd on %s', (backend) => {
  beforeAll(() => useBackend(backend))
  const student = { layer1: [8, 6, 3], layer2: [4, 3, 4], pool: [6] }
  const teacher = { layer1: [8, 6, 5], layer2: [2, 2, 7], pool: [9] }
  const loss = reviewKd({ student: Object.keys(student) })

  it('asks for a fusion at every level, the deepest without attention', () => {
    const { heads } = prepared(loss, setupOf(student, teacher))
    const shapes = Object.fromEntries(Object.entries(heads).map(([name, { shape }]) => [name, shape]))
    expect(shapes).toMatchObject({
      // The common width is that of the deepest tap.
      'level0.reduce.kernel': [1, 1, 3, 6],
      'level1.expand.kernel': [3, 3, 6, 7],
      'level1.attention.kernel': [1, 1, 12, 2],
      'level2.expand.weight': [9],
    })
    expect(Object.keys(shapes).filter((name) => name.startsWith('level2.attention'))).toEqual([])
    expect(Object.keys(shapes)).toHaveLength(8 + 8 + 6)
    const narrow = prepared(reviewKd({ student: Object.keys(student), maxWidth: 2 }), setupOf(student, teacher))
    expect(narrow.heads['level0.reduce.kernel']!.shape).toEqual([1, 1, 3, 2])
    tf.dispose([Object.values(heads), Object.values(narrow.heads)])
  })

  it('is the sum of the fused levels’ losses, deepest first, and trains everything', async () => {
    const { heads } = prepared(loss, setupOf(student, teacher))
    const own = Object.fromEntries(
      await Promise.all(
        Object.entries(heads).map(async ([n, x]) => [n, { shape: x.shape, data: [...(await x.data())] }] as const),
      ),
    )
    tf.dispose(Object.values(heads))
    const taps = (side: string, shapes: Readonly<Record<string, number[]>>) =>
      Object.fromEntries(Object.entries(shapes).map(([n, s]) => [`${side}/${n}`, drawn(`${side}${n}`, [4, ...s])]))
    const inputs = { ...own, ...taps('student', student), ...taps('teacher', teacher) }
    const side = (x: Readonly<Record<string, tf.Tensor>>, name: string) =>
      Object.fromEntries(Object.keys(student).map((tap) => [tap, x[`${name}/${tap}`]!]))
    const actual = await evaluateFeatures(
      (x) => loss.compute(contextOf(side(x, 'student'), side(x, 'teacher'), { heads: x })),
      inputs,
    )
    const watched = Object.keys(inputs).filter((name) => !name.startsWith('teacher/'))
    expect(Object.keys(actual.gradients).sort()).toEqual(watched.sort())

    const expected = tf.tidy(() => {
      const x = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, toTensor(name, value)]))
      const asMap = (y: tf.Tensor) => tf.reshape(y, [4, 1, 1, -1]) as tf.Tensor4D
      const deep = attentionFusion(asMap(x['student/pool']!), undefined, [1, 1], x, 'level2')
      const middle = attentionFusion(x['student/layer2'] as tf.Tensor4D, deep.residual, [2, 2], x, 'level1')
      const first = attentionFusion(x['student/layer1'] as tf.Tensor4D, middle.residual, [8, 6], x, 'level0')
      // What is passed on is what the last convolution reads, not what it makes.
      expect(middle.residual.shape).toEqual([4, 2, 2, 6])
      expect(middle.output.shape).toEqual([4, 2, 2, 7])
      const terms = [
        hclLoss(deep.output, asMap(x['teacher/pool']!)),
        hclLoss(middle.output, x['teacher/layer2']!),
        hclLoss(first.output, x['teacher/layer1']!),
      ]
      return terms.reduce((sum, term) => sum + term.dataSync()[0]!, 0)
    })
    expectClose([[actual.value]], [[expected]], 1e-5)
  })
})
