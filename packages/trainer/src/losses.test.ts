import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { cifarResnet } from '@gpdjs/architectures'
import { useBackend } from '@gpdjs/backends'
import { initializeParameters, initializeStatistics } from '@gpdjs/core'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { losses } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import { sgd } from './optimizers/sgd.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
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

describe.each(Object.keys(losses))('%s', (name) => {
  it.each(['static teacher', 'dynamic teacher'] as const)(
    'trains a student from a %s, and leaves nothing of itself in it',
    async (from) => {
      const loss = losses[name]!(OPTIONS[name] ?? {})
      const images = tinyTensors(24)
      const trained = {
        network: teacher,
        parameters: initializeParameters(teacher.parameters, 1),
        statistics: initializeStatistics(teacher.statistics),
      }
      // Only some losses read the strong view.
      const data = tensorSource({ ...images, views: { strong: images.xs } })
      const mine = tf.memory().numTensors
      const expansion = inverseReparameterization({ ratio: 2 })
      const run = await distill({
        student,
        data: { train: data },
        optimizer: sgd({ learningRate: 0.01, momentum: 0.9, clipGlobalNorm: 5 }),
        epochs: 2,
        batchSize: 12,
        // The student and the dynamic teacher each get heads of their own for a static teacher's loss.
        plugins:
          from === 'static teacher'
            ? [staticTeacher({ ...trained, loss }), dynamicTeacher({ expander: expansion })]
            : dynamicTeacher({ expander: expansion, loss }),
      })
      expect(run.outcome).toBe('completed')
      const terms = Object.entries(run.history.at(-1)!.logs).filter(
        ([term]) => term.startsWith(`${loss.name}(`) && term.endsWith(`, ${from.replace(' ', '-')})`),
      )
      expect(terms).toHaveLength(from === 'static teacher' ? 2 : 1)
      for (const [, value] of terms) expect(Number.isFinite(value)).toBe(true)
      expect(Object.keys(run.student.parameters).sort()).toEqual(student.parameters.map((spec) => spec.name).sort())
      run.dispose()
      expect(tf.memory().numTensors).toBe(mine)
      tf.dispose([trained.parameters, trained.statistics])
    },
  )
})
