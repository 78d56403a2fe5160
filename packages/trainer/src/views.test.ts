import * as tf from '@tensorflow/tfjs'
import { apply, type DistillationLoss } from '@gpdjs/core'
import { chain, padCropFlip, randAugment, type ImageSet } from '@gpdjs/data'
import { crossEntropy, kdLoss, mlkd, mlkdLoss } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { imageSource } from '@gpdjs/data'
import { tensorSource } from '@gpdjs/data'
import { distill } from './distill.ts'
import { gradientPass } from './gradient-pass.ts'
import { sgd } from './optimizers/sgd.ts'
import { buildPipeline } from './pipeline/pipeline.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from './testing.ts'
import { initialState } from './training-state.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const optimizer = sgd({ learningRate: 0.05 })
const teacher = () => drawn(tinyNetwork({ width: 3 }), 1)
const value = (x: tf.Tensor) => x.dataSync()[0]!

/** KD on the strong view alone. */
const strongKd: DistillationLoss = {
  name: 'strong-kd',
  views: ['strong'],
  compute: ({ views }) => kdLoss(views!['strong']!.student.logits, views!['strong']!.teacher.logits),
}

/** One pass over six images of which the strong view is twice as bright. */
function pass(loss: DistillationLoss, labelViews: readonly string[] = []) {
  const student = drawn(tinyNetwork(), 2)
  const pipeline = buildPipeline({
    student: student.network,
    parameters: student.parameters,
    plugins: staticTeacher({ ...teacher(), loss }),
    task: classification({ views: labelViews }),
    seed: 0,
  })
  const { xs, ys } = tinyTensors(6)
  const views = { strong: tf.mul(xs, 2) }
  const state = initialState(pipeline, optimizer)
  const weights = Object.fromEntries(pipeline.terms.map(({ name }) => [name, 1]))
  const fields = { image: xs, label: ys, 'image/strong': views.strong }
  const result = gradientPass(pipeline, state, { fields }, weights)
  /** The logits of a network for one view alone. */
  const logits = (side: 'student' | 'teacher', images: tf.Tensor) => {
    const { network, parameters, statistics } = side === 'student' ? student : teacher()
    const { outputs } = apply({ network, parameters, statistics }, images, { training: side === 'student' })
    return outputs['logits'] as tf.Tensor2D
  }
  return { ...result, xs, ys, views, logits }
}

describe('a further view of the images', () => {
  it('is an input of both networks of a loss that reads it', () => {
    const { metrics, xs, views, logits } = pass(mlkd())
    const pair = (images: tf.Tensor) => ({
      student: logits('student', images),
      teacher: logits('teacher', images),
    })
    const expected = mlkdLoss({ weak: pair(xs), strong: pair(views.strong) })
    expect(value(metrics['mlkd(student, static-teacher)']!)).toBeCloseTo(value(expected), 4)
  })

  it('counts in the cross-entropy with the labels if the views of the task name it', () => {
    const { metrics, xs, ys, views, logits } = pass(strongKd, ['strong'])
    const [weak, strong] = [xs, views.strong].map((x) => value(crossEntropy(logits('student', x), ys)))
    expect(value(metrics['cross-entropy(student)']!)).toBeCloseTo(weak! + strong!, 5)
  })

  it('moves the moments of batch normalization, after the images themselves did', () => {
    const { statistics, xs, views } = pass(strongKd)
    const student = drawn(tinyNetwork(), 2)
    const once = apply(student, xs, { training: true }).statistics
    const twice = apply({ network: student.network, parameters: student.parameters, statistics: once }, views.strong, {
      training: true,
    }).statistics
    for (const [name, expected] of Object.entries(twice)) {
      const [found, wanted] = [statistics[`student/${name}`]!, expected].map((x) => [...x.dataSync()])
      found!.forEach((x, i) => expect(x).toBeCloseTo(wanted![i]!, 5))
      expect(found).not.toEqual([...once[name]!.dataSync()])
    }
  })

  it('trains, frees its tensors and leaves none behind', async () => {
    const { xs, ys } = tinyTensors(24)
    const strong = tf.mul<tf.Tensor4D>(xs, 2)
    const train = tensorSource({ xs, ys, classes: 3, views: { strong } })
    const own = teacher()
    const before = tf.memory().numTensors
    const options = { student: tinyNetwork(), data: { train }, optimizer, epochs: 2, batchSize: 6, accumulate: 2 }
    const run = await distill({
      ...options,
      task: classification({ views: ['strong'] }),
      plugins: staticTeacher({ ...own, loss: mlkd() }),
    })
    expect([run.outcome, run.steps]).toEqual(['completed', 4])
    run.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is refused before training where the data does not have it, with what to do', async () => {
    const options = { student: tinyNetwork(), optimizer, epochs: 1, batchSize: 6 }
    const attempt = distill({
      ...options,
      data: { train: tinyData(24) },
      plugins: staticTeacher({ ...teacher(), loss: mlkd() }),
    })
    await expect(attempt).rejects.toThrow(
      /'mlkd\(student, static-teacher\)' reads the view 'strong', the data has no field 'image\/strong'\. Give it: imageSource\(.*views: \{ strong:/,
    )
    await expect(attempt).rejects.toMatchObject({ code: 'data.missing' })
    const task = classification({ views: ['weak'] })
    const labels = distill({ ...options, data: { train: tinyData(24) }, task })
    await expect(labels).rejects.toThrow(/'cross-entropy\(student\)' reads the view 'weak'/)
  })

  it('comes from an image source, in training only, the same for the same seed and epoch', async () => {
    const { xs, ys } = tinyTensors(12)
    const set: ImageSet = {
      name: 'tiny',
      images: Uint8Array.from(xs.dataSync(), (x) => Math.min(255, Math.max(0, 100 + 50 * x))),
      labels: Int32Array.from(ys.dataSync()),
      shape: [6, 6, 1],
      classes: 3,
    }
    const strong = chain(padCropFlip({ padding: 1 }), randAugment({ magnitude: 20 }))
    const source = imageSource(set, { augment: padCropFlip({ padding: 1 }), views: { strong } })
    expect(Object.keys(source.fields)).toEqual(['image', 'label', 'image/strong'])
    const epoch = (number: number) =>
      [...source.batches({ batchSize: 6, seed: 0, epoch: number, training: true })].map((batch) => [
        [...batch.fields['image']!.dataSync()],
        [...batch.fields['image/strong']!.dataSync()],
      ])
    expect(epoch(1)).toEqual(epoch(1))
    expect(epoch(1)).not.toEqual(epoch(2))
    for (const [weak, seen] of epoch(1)) expect(weak).not.toEqual(seen)
    for (const batch of source.batches({ batchSize: 6, seed: 0, epoch: 0, training: false }))
      expect(Object.keys(batch.fields)).toEqual(['image', 'label'])
  })
})

it('tensorSource refuses views of another shape', () => {
  const { xs, ys } = tinyTensors(6)
  expect(() => tensorSource({ xs, ys, classes: 3, views: { strong: tf.zeros([6, 5, 5, 1]) } })).toThrow(
    /expected the view 'strong' as \[6, 6, 6, 1\], got \[6, 5, 5, 1\]/,
  )
})
