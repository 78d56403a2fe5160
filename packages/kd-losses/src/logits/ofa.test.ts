import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, evaluateFeatures, expectClose, useBackend } from '../testing/evaluate.ts'
import { contextOf, drawn, prepared, setupOf } from '../testing/features.ts'
import { entropy, finiteDifferences, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { extreme, samples } from '../testing/samples.ts'
import { kdLoss } from './kd.ts'
import { ofa, ofaLoss } from './ofa.ts'
import { softCrossEntropyLoss } from './soft-cross-entropy.ts'

const plain = (s: Matrix, t: Matrix, labels: readonly number[], epsilon: number) =>
  mean(
    s.map((row, b) => {
      const [p, q] = [softmax(row), softmax(t[b]!)]
      const hit = (c: number) => (c === labels[b] ? 1 : 0)
      return -p.reduce((sum, value, c) => sum + ((q[c]! + hit(c)) ** epsilon - hit(c)) * Math.log(value), 0)
    }),
  )

const run = (s: Matrix, t: Matrix, labels: readonly number[], epsilon: number) =>
  evaluate(({ student, teacher }, y) => ofaLoss(student, teacher, y, { epsilon }), s, t, labels)

describe.each(backends)('ofaLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition, and its gradient is that of the definition', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.constantFrom(0.5, 1, 1.5, 3), async ({ student, teacher, labels }, epsilon) => {
        const actual = await run(student, teacher, labels, epsilon)
        expectClose([[actual.value]], [[plain(student, teacher, labels, epsilon)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plain(s, teacher, labels, epsilon), student),
          1e-5,
          1,
        )
        expect(actual.teacher).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  it('is the divergence at temperature 1 plus the teacher’s entropy for ε = 1, whatever the label', async () => {
    const [s, t] = [[[1, 2, 4], [0, -3, 2]], [[2, 0, 1], [1, 1, 5]]] // prettier-ignore
    const kd = await evaluate(({ student, teacher }) => kdLoss(student, teacher, { temperature: 1 }), s!, t!)
    const expected = kd.value + mean(t!.map((row) => entropy(softmax(row))))
    for (const labels of [
      [0, 1],
      [2, 2],
    ]) {
      // prettier-ignore
      const actual = await run(s!, t!, labels, 1)
      expectClose([[actual.value]], [[expected]], 1e-5)
      expectClose(actual.student, kd.student, 1e-5)
    }
  })

  it('is softCrossEntropyLoss for ε = 1, and its weights are never below 0', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.constantFrom(0.1, 0.5, 1, 3), async ({ student, teacher, labels }, epsilon) => {
        const soft = await evaluate((x) => softCrossEntropyLoss(x.student, x.teacher), student, teacher)
        const one = await run(student, teacher, labels, 1)
        expectClose([[one.value]], [[soft.value]], 1e-5, 1)
        expectClose(one.student, soft.student, 1e-5, 1)
        // At logits of one class against all others the loss is the sum of the others' weights, times the distance.
        const classes = student[0]!.length
        for (const c of Array.from({ length: classes }, (_, i) => i)) {
          const far = teacher.map(() => Array.from({ length: classes }, (_, i) => (i === c ? -64 : 0)))
          const even = teacher.map((row) => row.map(() => 0))
          const [pushed, rest] = [await run(far, teacher, labels, epsilon), await run(even, teacher, labels, epsilon)]
          const others = Math.log(classes) - Math.log(classes - 1)
          // Σ w · ln C − Σ w · ln (C − 1) is what all classes gain, 64 w_c what class c loses.
          const total = rest.value / Math.log(classes)
          expect((pushed.value - rest.value + total * others) / 64).toBeGreaterThan(-1e-6)
        }
      }),
      { numRuns: 10 },
    )
  })

  it('stays finite for logits of ±100', async () => {
    const { value, student } = await run(extreme.student, extreme.teacher, extreme.labels, 1.5)
    expect(Number.isFinite(value)).toBe(true)
    expect(student.flat().every(Number.isFinite)).toBe(true)
  })
})

describe.each(backends)('ofa with exit heads on %s', (backend) => {
  beforeAll(() => useBackend(backend))
  const shapes = { early: [8, 6, 3], late: [4, 3, 6], tokens: [10, 4], pool: [9] }

  it('trains a head for every stage, and passes the gradient on to it', async () => {
    const loss = ofa({ student: Object.keys(shapes) })
    expect(loss.taps).toEqual({ student: Object.keys(shapes) })
    const { heads } = prepared(loss, setupOf(shapes, {}))
    const names = Object.keys(heads)
    // Three deeper stages: three convolutions, 3 → 6 → 12 → 24 channels.
    expect(heads['exit0.weight']!.shape).toEqual([24, 5])
    expect(heads['exit1.weight']!.shape).toEqual([24, 5])
    expect(heads['exit2.weight']!.shape).toEqual([4, 5])
    expect(heads['exit3.weight']!.shape).toEqual([9, 5])
    const values = Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [name, { shape: heads[name]!.shape, data: [...(await heads[name]!.data())] }]),
      ),
    ) as Record<string, ReturnType<typeof drawn>>
    tf.dispose(Object.values(heads))
    const stages = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [`stage/${name}`, drawn(name, [3, ...shape])]),
    )
    const { value, gradients } = await evaluateFeatures(
      (inputs) => {
        const student = Object.fromEntries(Object.keys(shapes).map((name) => [name, inputs[`stage/${name}`]!]))
        return loss.compute(contextOf(student, {}, { heads: inputs }))
      },
      { ...values, ...stages },
    )
    // One final loss of uniform logits against a uniform teacher, ln 5, and four of heads, which are at least that.
    expect(value).toBeGreaterThan(5 * Math.log(5) - 1e-5)
    for (const name of [...names, ...Object.keys(stages)]) {
      const size = Math.max(...(gradients[name] ?? []).map(Math.abs))
      // Normalizing makes the depthwise kernel's scale irrelevant, not its direction.
      expect([name, size > 1e-12 && Number.isFinite(size)]).toEqual([name, true])
    }
  })
})
