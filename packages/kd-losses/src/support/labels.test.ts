import * as tf from '@tensorflow/tfjs'
import { isGpdError, valueAndGradients, type DistillationContext, type Labels } from '@gpdjs/core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy, crossEntropyRows } from '../logits/cross-entropy.ts'
import { dkdLoss } from '../logits/dkd.ts'
import { ofaLoss } from '../logits/ofa.ts'
import { rldLoss } from '../logits/rld.ts'
import { losses } from '../losses.ts'
import { backends, expectClose, labelTensor, tensor, useBackend } from '../testing/evaluate.ts'
import { crossEntropyOf, mean, softmax, type Matrix } from '../testing/plain-math.ts'
import { samples, type Sample } from '../testing/samples.ts'

const oneHot = (labels: readonly number[], classes: number): Matrix =>
  labels.map((label) => Array.from({ length: classes }, (_, c) => Number(c === label)))

/** λ of one one-hot row, 1 − λ of the next: mixup. */
const mixed = ({ student, labels }: Sample, share: number): Matrix => {
  const rows = oneHot(labels, student[0]!.length)
  return rows.map((row, b) => row.map((y, c) => share * y + (1 - share) * rows[(b + 1) % rows.length]![c]!))
}

async function run(logits: Matrix, labels: Labels, loss: (s: tf.Tensor2D, y: Labels) => tf.Scalar = crossEntropy) {
  const { value, gradients } = valueAndGradients(({ s }) => loss(s as tf.Tensor2D, labels), { s: tensor(logits) })
  return { value: (await value.data())[0]!, gradient: (await gradients.s!.array()) as number[][] }
}

describe.each(backends)('labels as shares of classes on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('of one class are its index, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(samples, async ({ student, labels }) => {
        const shares = oneHot(labels, student[0]!.length)
        const expected = await run(student, labelTensor(labels))
        expect(await run(student, tensor(shares))).toEqual(expected)
        expect(await run(student, tf.cast(tensor(shares), 'int32'))).toEqual(expected)
      }),
      { numRuns: 20 },
    )
  })

  it('that are mixed give −Σ y log p, with gradient (p − y) / B', async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.double({ min: 0, max: 1, noNaN: true }), async (sample, share) => {
        const y = mixed(sample, share)
        const p = sample.student.map((row) => softmax(row))
        const { value, gradient } = await run(sample.student, tensor(y))
        expectClose([[value]], [[mean(p.map((row, b) => crossEntropyOf(y[b]!, row)))]], 1e-5, 1)
        const residual = p.map((row, b) => row.map((each, c) => (each - y[b]![c]!) / p.length))
        expectClose(gradient, residual, 1e-5, 1)
      }),
      { numRuns: 20 },
    )
  })

  it('add nothing for a class of share 0, however unlikely it is', async () => {
    const { value, gradient } = await run([[200, 0, 0]], tensor([[1, 0, 0]]))
    expect(value).toBe(0)
    expect(gradient).toEqual([[0, 0, 0]])
  })

  const student: Matrix = [
    [1, 2, 0.5],
    [0, -1, 3],
  ]
  const teacher = () => tensor([...student].reverse())
  const soft = (): tf.Tensor2D =>
    tensor([
      [0.2, 0.7, 0.1],
      [0.4, 0, 0.6],
    ])
  const centers = () => tensor(oneHot([0, 1, 2], 3))

  it.each([
    ['dkd', (s, y) => dkdLoss(s, teacher(), y, { softLabels: 'argmax' })],
    ['rld', (s, y) => rldLoss(s, teacher(), y, { softLabels: 'argmax' })],
    ['ofa', (s, y) => ofaLoss(s, teacher(), y, { softLabels: 'argmax' })],
  ] satisfies [string, (s: tf.Tensor2D, y: Labels) => tf.Scalar][])(
    "are the class of the greatest share for %s with softLabels: 'argmax'",
    async (_, loss) => {
      expect(await run(student, soft(), loss)).toEqual(await run(student, labelTensor([1, 2]), loss))
    },
  )

  it.each(['dkd', 'rld', 'ofa', 'nd'])('are refused or reduced by the object %s, as it is told', async (name) => {
    const context = (labels: Labels) => {
      const [s, t] = [tensor(student), teacher()]
      const sides = [s, t].map((x) => ({ logits: x, outputs: { logits: x }, taps: { pool: x } }))
      return {
        student: sides[0]!,
        teacher: sides[1]!,
        labels,
        fields: {},
        memory: { means: centers() },
      } satisfies DistillationContext
    }
    const options = name === 'nd' ? { centers: oneHot([0, 1, 2], 3) } : {}
    const strict = losses[name]!(options)
    expect(strict.labels).toBe('index')
    expect(() => strict.compute(context(soft()))).toThrow(
      expect.toSatisfy((error) => isGpdError(error) && error.code === 'data.mismatch'),
    )
    const lenient = losses[name]!({ ...options, softLabels: 'argmax' })
    expect(lenient.labels).toBeUndefined()
    const expected = await strict.compute(context(labelTensor([1, 2]))).data()
    expect([...(await lenient.compute(context(soft())).data())]).toEqual([...expected])
  })
})

describe('what losses declare', () => {
  const taps = { student: 'layer3' }
  const made = Object.entries(losses).map(([name, make]) =>
    make(['fitnet', 'at', 'sp', 'nst', 'vid', 'review-kd'].includes(name) ? taps : {}),
  )

  it('about labels: those that read one class for each row need it', () => {
    const needing = made.filter(({ labels }) => labels === 'index').map(({ name }) => name)
    expect(needing.sort()).toEqual(['crd', 'dkd', 'nd', 'ofa', 'rld'])
    expect(losses['standardized']!({ loss: 'dkd' }).labels).toBe('index')
  })

  it('about logits: those that take their softmax, or their sigmoids', () => {
    const of = (distribution: string) =>
      made.filter((loss) => loss.distribution === distribution).map(({ name }) => name)
    expect(of('bernoulli')).toEqual(['binary-kd'])
    expect(of('categorical').sort()).toEqual(
      'crd dist dkd kd mlkd nd ofa rld soft-cross-entropy standardized-kd ttm wttm'.split(' '),
    )
  })
})

it('crossEntropyRows takes no share of another number of classes', () => {
  expect(() => crossEntropyRows(tensor([[1, 2]]), tensor([[1]]))).toThrow(/float32 of \[1, 2\], got float32 \[1, 1\]/)
})
