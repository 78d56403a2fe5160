import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import { relu } from '@gpdjs/core'
import { distill } from '@gpdjs/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { mutualLearning } from './mutual-learning.ts'
import { smallNetwork, smallRun } from './testing/small-run.ts'

const values = (record: Readonly<Record<string, tf.Tensor>>) =>
  Object.values(record).map((tensor) => Array.from(tensor.dataSync()))
const student = smallNetwork(relu)

describe('mutual learning', () => {
  beforeAll(() => useBackend('cpu'))

  it('trains both, each from the labels and from the other', async () => {
    const options = { ...smallRun(student), epochs: 12 }
    const before = tf.memory().numTensors
    const run = await distill({ ...options, plugins: mutualLearning({ peer: smallNetwork(relu, 6) }) })
    const [first, last] = [run.history[0]!.logs, run.history.at(-1)!.logs]
    for (const term of ['cross-entropy(student)', 'cross-entropy(peer)'])
      expect(last[term]!).toBeLessThan(first[term]! / 2)
    for (const term of ['kd(student, peer)', 'kd(peer, student)']) expect(last[term]!).toBeLessThan(first[term]!)
    expect(Object.keys(run.learners)).toEqual(['student', 'peer'])
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('with weight 0 leaves the student as it would be alone', async () => {
    const alone = await distill(smallRun(student))
    const beside = await distill({
      ...smallRun(student),
      plugins: mutualLearning({ peer: smallNetwork(relu), weight: 0 }),
    })
    const taught = await distill({ ...smallRun(student), plugins: mutualLearning({ peer: smallNetwork(relu) }) })
    expect(values(beside.student.parameters)).toEqual(values(alone.student.parameters))
    expect(values(taught.student.parameters)).not.toEqual(values(alone.student.parameters))
  })
})
