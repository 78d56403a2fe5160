import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { valueAndGradients } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { backends, evaluate, expectClose, labelTensor, tensor, useBackend } from '../testing/evaluate.ts'
import { finiteDifferences, kl, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { samples, temperatures } from '../testing/samples.ts'
import { binaryCrossEntropy } from './binary-cross-entropy.ts'
import { binaryKd, binaryKdLoss } from './binary-kd.ts'
import { kdLoss } from './kd.ts'

/** Yes and no. */
const binary = (x: number, temperature = 1) => softmax([x, 0], temperature)
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

const plainEntropy = (z: Matrix, y: Matrix) =>
  mean(
    z.map((row, b) =>
      sum(row.map((x, l) => -y[b]![l]! * Math.log(binary(x)[0]!) - (1 - y[b]![l]!) * Math.log(binary(x)[1]!))),
    ),
  )

const plainKd = (s: Matrix, t: Matrix, T: number) =>
  T * T * mean(s.map((row, b) => sum(row.map((x, l) => kl(binary(t[b]![l]!, T), binary(x, T))))))

async function entropy(z: Matrix, y: tf.Tensor) {
  const loss = ({ x }: { x: tf.Tensor }) => binaryCrossEntropy(x as tf.Tensor2D, y as tf.Tensor2D)
  const { value, gradients } = valueAndGradients(loss, { x: tensor(z) })
  return { value: (await value.data())[0]!, gradient: (await gradients.x!.array()) as number[][] }
}

describe.each(backends)('binaryCrossEntropy on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is the definition in double precision, summed over labels, and its gradient (σ(z) − y) / B', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, teacher }) => {
        const y = teacher.map((row) => row.map((x, l) => (l % 2 === 0 ? Number(x > 0) : binary(x)[0]!)))
        const { value, gradient } = await entropy(student, tensor(y))
        expectClose([[value]], [[plainEntropy(student, y)]], 1e-5, 1)
        const residual = student.map((row, b) => row.map((x, l) => (binary(x)[0]! - y[b]![l]!) / student.length))
        expectClose(gradient, residual, 1e-5, 1)
        expectClose(
          gradient,
          finiteDifferences((z) => plainEntropy(z, y), student),
          1e-5,
          1,
        )
      }),
      { numRuns: 20 },
    )
  })

  it('is that of tf.losses.sigmoidCrossEntropy', async () => {
    const [z, y] = [tensor([[1, -2, 3]]), tensor([[1, 0, 0]])]
    const theirs = tf.losses.sigmoidCrossEntropy(y, z, undefined, 0, tf.Reduction.SUM)
    expectClose([[(await entropy([[1, -2, 3]], y)).value]], [[(await theirs.data())[0]!]], 1e-6)
  })

  it('is finite for logits of ±1000: |z| where the label is wrong, 0 where it is right', async () => {
    const { value, gradient } = await entropy([[1000, -1000, 1000, -1000]], tensor([[1, 0, 0, 1]]))
    expect(value).toBe(2000)
    expectClose(gradient, [[0, 0, 1, -1]], 1e-6)
    const certain = await entropy([[Infinity, -Infinity, 0]], tensor([[1, 0, 1]]))
    expectClose([[certain.value]], [[Math.log(2)]], 1e-6)
    expectClose(certain.gradient, [[0, 0, -0.5]], 1e-6)
  })

  it('takes one label of each row as a whole number too', async () => {
    const z = [[0.3], [-2]]
    expect(await entropy(z, labelTensor([1, 0]))).toEqual(await entropy(z, tensor([[1], [0]])))
  })
})

describe.each(backends)('binaryKdLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))
  const run = (s: Matrix, t: Matrix, temperature?: number) =>
    evaluate(({ student, teacher }) => binaryKdLoss(student, teacher, temperature ? { temperature } : {}), s, t)

  it('is the definition in double precision, with its gradient, and none for the teacher', async () => {
    await fc.assert(
      fc.asyncProperty(samples, temperatures, async ({ student, teacher }, T) => {
        const actual = await run(student, teacher, T)
        expectClose([[actual.value]], [[plainKd(student, teacher, T)]], 1e-5, 1)
        expectClose(
          actual.student,
          finiteDifferences((s) => plainKd(s, teacher, T), student),
          1e-5,
          1,
        )
        expect((actual.teacher ?? []).flat().every((x) => x === 0)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('of one label is kdLoss of two classes, one of which has the logit 0', async () => {
    const two = (rows: Matrix) => rows.map(([x]) => [x!, 0])
    const [s, t] = [
      [[1.5], [-2]],
      [[-1], [4]],
    ]
    const pair = await evaluate(({ student, teacher }) => kdLoss(student, teacher, { temperature: 2 }), two(s), two(t))
    expectClose([[(await run(s, t, 2)).value]], [[pair.value]], 1e-6)
  })

  it('is 0 where both agree, and finite for logits of ±1000', async () => {
    expect((await run([[3, -1000]], [[3, -1000]])).value).toBe(0)
    expectClose([[(await run([[1000]], [[-1000]])).value]], [[1000]], 1e-6)
    // 0 · log 0 = 0: a label that the teacher excludes, or is sure of, costs −log σ of the student's answer.
    const sure = await run([[1, 1]], [[-Infinity, Infinity]])
    expectClose([[sure.value]], [[Math.log1p(Math.E) + Math.log1p(1 / Math.E)]], 1e-6)
    expectClose(sure.student, [[1 / (1 + 1 / Math.E), 1 / (1 + 1 / Math.E) - 1]], 1e-6)
  })
})

it('binaryKd is for logits of labels that hold or not', () => {
  expect(binaryKd({ temperature: 2 })).toMatchObject({ name: 'binary-kd', distribution: 'bernoulli' })
})
