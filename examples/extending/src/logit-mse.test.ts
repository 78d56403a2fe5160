import * as tf from '@tensorflow/tfjs'
import { relu, useBackend } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { distill, dynamicTeacher, linear, staticTeacher } from '@gpdjs/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { logitMse, logitMseLoss } from './logit-mse.ts'
import { drawn, smallNetwork, smallRun } from './testing/small-run.ts'

const student = [
  [1, 2, 0],
  [-1, 0, 3],
]
const teacher = [
  [0, 2, 2],
  [-1, 1, 1],
]

describe.each(['cpu', 'wasm'] as const)('logitMseLoss on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('is half the squared distance, averaged over the batch, with the gradient (s − t) / batch', async () => {
    const { value, grad } = tf.valueAndGrad((s) => logitMseLoss(s as tf.Tensor2D, tf.tensor2d(teacher)))(
      tf.tensor2d(student),
    )
    // (1 + 0 + 4 + 0 + 1 + 4) / (2 · 2)
    expect([...(await value.data())]).toEqual([2.5])
    expect(await grad.array()).toEqual([
      [0.5, 0, -1],
      [0, -0.5, 1],
    ])
  })

  it('names both shapes if they differ', () => {
    expect(() => logitMseLoss(tf.zeros([2, 3]), tf.zeros([2, 4]))).toThrow(/\[2, 3\] and \[2, 4\]/)
  })
})

describe('logitMse in a run', () => {
  beforeAll(() => useBackend('cpu'))

  it('pulls the student towards the teacher, with no labels at all', async () => {
    const options = { ...smallRun(smallNetwork(relu)), epochs: 20, labelWeight: 0 }
    const wide = drawn(smallNetwork(relu, 8), 5)
    const before = tf.memory().numTensors
    const run = await distill({ ...options, plugins: staticTeacher({ ...wide, loss: logitMse() }) })
    const losses = run.history.map(({ logs }) => logs['logit-mse(student, static-teacher)']!)
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10)
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is logged by name for every learner, and takes a schedule as its weight', async () => {
    const wide = drawn(smallNetwork(relu, 8), 5)
    const teacher = staticTeacher({ ...wide, loss: logitMse(), weight: linear(1, 0) })
    const beside = dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) })
    const run = await distill({ ...smallRun(smallNetwork(relu)), epochs: 1, plugins: [teacher, beside] })
    for (const learner of ['student', 'dynamic-teacher']) {
      expect(run.history[0]!.logs[`logit-mse(${learner}, static-teacher)`]).toBeGreaterThan(0)
    }
    run.dispose()
  })
})
