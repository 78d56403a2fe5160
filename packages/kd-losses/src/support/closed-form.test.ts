import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy } from '../logits/cross-entropy.ts'
import { dkdLoss } from '../logits/dkd.ts'
import { kdLoss } from '../logits/kd.ts'
import { softCrossEntropyLoss } from '../logits/soft-cross-entropy.ts'
import { backends, evaluate, expectClose, labelTensor, tensor, useBackend } from '../testing/evaluate.ts'

const student = [[1, 2, 4], [0, 1, -1]] // prettier-ignore
const teacher = [[2, 0, 1], [3, 1, 1]] // prettier-ignore
const labels = [2, 0]

const all: Readonly<Record<string, Parameters<typeof evaluate>[0]>> = {
  crossEntropy: (x, y) => crossEntropy(x.student, y),
  kdLoss: (x) => kdLoss(x.student, x.teacher),
  dkdLoss: (x, y) => dkdLoss(x.student, x.teacher, y),
  softCrossEntropyLoss: (x) => softCrossEntropyLoss(x.student, x.teacher, { smoothing: 0.1 }),
}

describe.each(backends)('on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  describe.each(Object.entries(all))('%s', (_, loss) => {
    it('multiplies its gradient by what comes from downstream', async () => {
      const one = await evaluate(loss, student, teacher, labels)
      const three = await evaluate((x, y) => tf.mul(loss(x, y), 3), student, teacher, labels)
      const expected = one.student.map((row) => row.map((g) => 3 * g))
      expectClose(three.student, expected, 1e-6)
      expect(Math.max(...expected.flat())).toBeGreaterThan(0.01)
    })

    it('leaves one tensor, its value, when no gradient is asked for', () => {
      const inputs = { student: tensor(student), teacher: tensor(teacher) }
      const y = labelTensor(labels)
      const before = tf.memory().numTensors
      const value = loss(inputs, y)
      expect(value.shape).toEqual([])
      expect(tf.memory().numTensors).toBe(before + 1)
      tf.dispose([value, inputs, y])
    })
  })
})
