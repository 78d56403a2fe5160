import * as tf from '@tensorflow/tfjs'
import { apply } from '@gpdjs/core'
import { nd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { classMeans } from './class-means.ts'
import { tensorSource } from '@gpdjs/data'
import { distill } from './distill.ts'
import { sgd } from './optimizers/sgd.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('classMeans', () => {
  it('are the means of the features of each class in evaluation mode, whatever the batch', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 3)
    const { xs, ys } = tinyTensors(20)
    const { taps } = apply(teacher, xs, {
      training: false,
      taps: ['pool'],
    })
    const features = taps['pool']!.arraySync() as number[][]
    const labels = [...ys.dataSync()]
    const expected = [0, 1, 2].map((c) => {
      const own = features.filter((_, i) => labels[i] === c)
      return [0, 1, 2, 3].map((j) => own.reduce((sum, row) => sum + row[j]! / own.length, 0))
    })
    const source = tensorSource({ xs, ys, classes: 3 })
    const before = tf.memory().numTensors
    for (const batchSize of [7, 250]) {
      const means = await classMeans(teacher, source, { batchSize })
      expected.forEach((row, c) => row.forEach((x, j) => expect(means[c]![j]).toBeCloseTo(x, 5)))
    }
    expect(tf.memory().numTensors).toBe(before)
  })

  it('count an image for each class by its share: of one-hot labels those of indices', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 3)
    const { xs, ys } = tinyTensors(20)
    const oneHot = tf.cast(tf.oneHot(ys, 3), 'float32')
    const expected = await classMeans(teacher, { xs, ys })
    expect(await classMeans(teacher, { xs, ys: oneHot })).toEqual(expected)
    // Σ y f / Σ y with y = ½ of the own class and ½ of class 0
    const mixed = tf.add(tf.mul(oneHot, 0.5), tf.mul(tf.oneHot(tf.zerosLike(ys), 3), 0.5))
    const found = await classMeans(teacher, { xs, ys: mixed })
    const counts = [0, 1, 2].map((c) => [...ys.dataSync()].filter((y) => y === c).length)
    const zero = expected[0]!.map((_, j) => {
      const sums = expected.map((row, c) => row[j]! * counts[c]! * (c === 0 ? 1 : 0.5))
      return sums.reduce((a, b) => a + b) / (counts[0]! + 0.5 * (counts[1]! + counts[2]!))
    })
    zero.forEach((x, j) => expect(found[0]![j]).toBeCloseTo(x, 5))
    for (const c of [1, 2]) expected[c]!.forEach((x, j) => expect(found[c]![j]).toBeCloseTo(x, 5))
    await expect(classMeans(teacher, { xs, ys: tf.add(ys, 1) })).rejects.toMatchObject({ code: 'data.label-range' })
  })

  it('are what nd takes, also for a student of another width', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 3)
    const train = tinyData(24)
    const loss = nd({ centers: await classMeans(teacher, train) })
    const run = await distill({
      student: tinyNetwork({ width: 2 }),
      data: { train },
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 8,
      batchSize: 8,
      task: classification({ weight: 0 }),
      plugins: staticTeacher({ ...teacher, loss }),
    })
    const losses = run.history.map(({ logs }) => logs['nd(student, static-teacher)']!)
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.1)
    run.dispose()
  })

  it('refuse a set without images of a class, other classes, features of 0, and taps that are no vectors', async () => {
    const teacher = drawn(tinyNetwork(), 1)
    const { xs, ys } = tinyTensors(6)
    const single = tensorSource({ xs, ys: tf.zerosLike(ys), classes: 3 })
    await expect(classMeans(teacher, single)).rejects.toThrow(/none of class 1/)
    const more = tensorSource({ xs, ys, classes: 4 })
    await expect(classMeans(teacher, more)).rejects.toMatchObject({ code: 'data.mismatch' })
    const dead = { ...teacher, parameters: Object.fromEntries(Object.entries(teacher.parameters).map(([n, x]) => [n, tf.zerosLike(x)])) } // prettier-ignore
    await expect(classMeans(dead, tinyData(6))).rejects.toThrow(/a mean of about 0 for class 0/)
    await expect(classMeans(teacher, tinyData(6), { tap: 'features' })).rejects.toMatchObject({ code: 'network.shape' })
    await expect(classMeans(teacher, tinyData(6), { tap: 'pol' })).rejects.toMatchObject({ code: 'network.invalid' })
  })
})
