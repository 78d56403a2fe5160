import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { kd, nd, published } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from '../distill.ts'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { valueAt } from '../schedule.ts'
import { drawn, tinyData, tinyNetwork } from '../testing.ts'
import { classification } from '../tasks/classification.ts'
import { asPublished } from './as-published.ts'
import { staticTeacher } from './static-teacher.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const image = { classes: 3, inputShape: [6, 6, 1] } as const

describe('asPublished', () => {
  it('has every loss of the setting, with its weight and warm-up', () => {
    const setting = published('kd++', 'cifar100', { pair: 'resnet32x4-resnet8x4' })
    const pipeline = buildPipeline({
      student: tinyNetwork(),
      plugins: asPublished(setting, drawn(tinyNetwork(), 1)),
      task: classification({ weight: 0 }),
      seed: 0,
    })
    const weights = (epoch: number) =>
      pipeline.terms.map(({ weight }) => valueAt(weight, { step: 10 * epoch, totalSteps: 2400 }))
    expect(pipeline.terms.map(({ name }) => name)).toEqual([
      'kd(student, static-teacher)',
      'nd(student, static-teacher)',
    ])
    // The first epoch is number 0, the 21st is the first with all.
    expect([weights(0), weights(10), weights(20), weights(239)]).toEqual([[0, 2], [1.75, 2], [3.5, 2], [3.5, 2]]) // prettier-ignore
  })

  it('trains as ReviewKD was published, with the taps of the networks of this project', async () => {
    const setting = published('review-kd', 'cifar100', { pair: 'resnet56-resnet20' })
    const student = cifarResnet({ ...image, blocks: [1, 1, 1], width: 2 })
    const teacher = drawn(cifarResnet({ ...image, blocks: [1, 1, 1], width: 3 }), 1)
    const { labelWeight } = setting
    const optimizer = sgd({ learningRate: 0.01 })
    const plugins = asPublished(setting, teacher)
    const run = await distill({
      student,
      data: { train: tinyData(12) },
      optimizer,
      epochs: 1,
      task: classification({ weight: labelWeight }),
      batchSize: 6,
      plugins,
    })
    expect(run.outcome).toBe('completed')
    expect(run.history[0]!.logs['review-kd(student, static-teacher)']).toBeGreaterThan(0)
    run.dispose()
  })
})

describe('staticTeacher with several losses', () => {
  const teacher = () => drawn(tinyNetwork(), 1)

  it('adds each as a term', () => {
    const pipelineOf = (loss: Parameters<typeof staticTeacher>[0]['loss']) =>
      buildPipeline({
        student: tinyNetwork(),
        plugins: staticTeacher({ ...teacher(), loss }),
        task: classification({ weight: 0 }),
        seed: 0,
      })
    const both = pipelineOf([{ loss: kd(), weight: 1 }, { loss: nd(), weight: 2 }]) // prettier-ignore
    expect(both.terms.map(({ weight }) => weight)).toEqual([1, 2])
  })

  it('refuses one weight for several, and no loss', () => {
    const list = [{ loss: kd(), weight: 1 }]
    expect(() => staticTeacher({ ...teacher(), loss: list, weight: 2 })).toThrow(/a list and weight 2\. Give each loss/)
    expect(() => staticTeacher({ ...teacher(), loss: [] })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  })
})
