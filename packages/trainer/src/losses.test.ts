import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { useBackend } from '@gpdjs/backends'
import { initializeParameters, initializeStatistics, type BatchSource, type DistillationLoss } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { losses } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import { sgd } from './optimizers/sgd.ts'
import type { PluginOption } from './pipeline/plugin.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { multiLabel } from './tasks/multi-label.ts'
import { tensorSource } from '@gpdjs/data'
import { tinyTensors } from './testing.ts'

const image = { classes: 3, inputShape: [6, 6, 1] } as const
const student = cifarResnet({ ...image, blocks: [1, 1], width: 2 })
const teacher = cifarResnet({ ...image, blocks: [1, 1], width: 3 })

/** Options that losses of feature maps need; other losses need none. */
const maps = { student: ['layer1', 'layer2'], teacher: ['layer1', 'layer2'] }
const OPTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  at: maps,
  crd: { negatives: 4, width: 4 },
  fitnet: { ...maps, regressor: 'convolution' },
  nst: maps,
  'review-kd': maps,
  sp: { student: 'layer2', teacher: 'layer2' },
  vid: maps,
}

beforeAll(async () => {
  await useBackend('wasm')
})

const lossOf = (name: string, options = {}) => losses[name]!({ ...OPTIONS[name], ...options })

/** Images with labels as whole numbers, or as shares of classes. Only some losses read the strong view. */
function dataOf(labels: 'indices' | 'one-hot') {
  const { xs, ys, classes } = tinyTensors(24)
  const given = labels === 'indices' ? { ys, classes } : { ys: tf.oneHot(ys, classes) }
  return tensorSource({ xs, ...given, views: { strong: xs } })
}

const trained = () => ({
  network: teacher,
  parameters: initializeParameters(teacher.parameters, 1),
  statistics: initializeStatistics(teacher.statistics),
})

const expander = inverseReparameterization({ ratio: 2 })

/** Of the task whose logits the loss is of. */
function train(loss: DistillationLoss, train: BatchSource, plugins: PluginOption) {
  const task = loss.distribution === 'bernoulli' ? multiLabel() : classification()
  const optimizer = sgd({ learningRate: 0.01, momentum: 0.9, clipGlobalNorm: 5 })
  return distill({ student, data: { train }, task, optimizer, epochs: 2, batchSize: 12, plugins })
}

describe.each(Object.keys(losses))('%s', (name) => {
  it.each(['static teacher', 'dynamic teacher'] as const)(
    'trains a student from a %s, and leaves nothing of itself in it',
    async (from) => {
      const loss = lossOf(name)
      const given = trained()
      const data = dataOf(loss.distribution === 'bernoulli' ? 'one-hot' : 'indices')
      const mine = tf.memory().numTensors
      const run = await train(
        loss,
        data,
        // The student and the dynamic teacher each get heads of their own for a static teacher's loss.
        from === 'static teacher'
          ? [staticTeacher({ ...given, loss }), dynamicTeacher({ expander })]
          : dynamicTeacher({ expander, loss }),
      )
      expect(run.outcome).toBe('completed')
      const terms = Object.entries(run.history.at(-1)!.logs).filter(
        ([term]) => term.startsWith(`${loss.name}(`) && term.endsWith(`, ${from.replace(' ', '-')})`),
      )
      expect(terms).toHaveLength(from === 'static teacher' ? 2 : 1)
      for (const [, value] of terms) expect(Number.isFinite(value)).toBe(true)
      expect(Object.keys(run.student.parameters).sort()).toEqual(student.parameters.map((spec) => spec.name).sort())
      run.dispose()
      expect(tf.memory().numTensors).toBe(mine)
      tf.dispose([given.parameters, given.statistics])
    },
  )
})

const categorical = Object.keys(losses).filter((name) => lossOf(name).distribution !== 'bernoulli')

describe.each(categorical)('%s on one-hot labels', (name) => {
  const needsIndex = lossOf(name).labels === 'index'
  const taught = async (loss: DistillationLoss, labels: 'indices' | 'one-hot') => {
    const run = await train(loss, dataOf(labels), staticTeacher({ ...trained(), loss }))
    return Object.values(run.student.parameters).map((tensor) => [...tensor.dataSync()])
  }

  it(
    needsIndex
      ? 'trains the student of class indices if it may take their greatest share'
      : 'trains the student of class indices',
    async () => {
      const loss = lossOf(name, needsIndex ? { softLabels: 'argmax' } : {})
      const [found, expected] = [await taught(loss, 'one-hot'), await taught(loss, 'indices')]
      found.flat().forEach((value, i) => expect(Math.abs(value - expected.flat()[i]!)).toBeLessThan(1e-6))
    },
  )

  it.runIf(needsIndex)('is refused before the first step otherwise, by its name, with the fix', async () => {
    const attempt = taught(lossOf(name), 'one-hot')
    await expect(attempt).rejects.toMatchObject({ code: 'data.mismatch' })
    const says = `'${name}(student, static-teacher)' needs one class index per row, the train data has shares of classes in 'label'`
    await expect(attempt).rejects.toThrow(says)
    await expect(attempt).rejects.toThrow(/tf\.argMax\(ys, 1\).*softLabels: 'argmax'/)
  })
})
