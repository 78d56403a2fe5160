/** Whatever goes wrong, and whenever: the error comes out as it was thrown, and no tensor is left. */
import * as tf from '@tensorflow/tfjs'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { crd, kd } from '@gpdjs/kd-losses'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Callbacks } from './callbacks.ts'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { sgd } from './optimizers/sgd.ts'
import type { Plugin } from './pipeline/plugin.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { drawn, tinyData, tinyNetwork } from './testing.ts'

const ERROR = new Error('mine')
const fail = (): never => {
  throw ERROR
}

const teacher = drawn(tinyNetwork({ width: 4 }), 9)
const data = { train: tinyData(), validation: tinyData(9, 3, 7) }
const plugin = (hooks: Partial<Plugin>): Plugin => ({ name: 'mine', specVersion: 1, ...hooks })

const given = (part: Partial<DistillOptions>): DistillOptions => ({
  student: tinyNetwork(),
  data,
  optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
  epochs: 2,
  batchSize: 6,
  ...part,
  plugins: [
    staticTeacher({
      ...teacher,
      loss: [
        { loss: kd(), weight: 1 },
        { loss: crd({ student: 'pool', negatives: 4 }), weight: 1 },
      ],
    }),
    dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
    ema(),
    part.plugins,
  ],
})

let before = 0
beforeEach(async () => {
  await tf.setBackend('cpu')
  before = tf.memory().numTensors
})
afterEach(() => expect(tf.memory().numTensors).toBe(before))

const HOOKS = ['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'] as const

describe('an error of the user leaves no tensor, and comes out unchanged', () => {
  it.each(HOOKS)('of the callback %s', async (hook) => {
    const callbacks: Callbacks = { [hook]: fail }
    await expect(distill(given({ callbacks }))).rejects.toBe(ERROR)
  })

  it.each(HOOKS.slice(1))('of the callback %s, later', async (hook) => {
    let calls = 0
    const callbacks: Callbacks = { [hook]: () => (hook === 'onTrainEnd' || ++calls === 2 ? fail() : undefined) }
    await expect(distill(given({ callbacks }))).rejects.toBe(ERROR)
  })

  it.each(['setup', 'connect'] as const)('of the hook %s of a plugin', async (hook) => {
    await expect(distill(given({ plugins: plugin({ [hook]: fail }) }))).rejects.toBe(ERROR)
  })

  it('of a term, in the first step', async () => {
    const loss = { name: 'mine', compute: fail }
    await expect(distill(given({ plugins: staticTeacher({ ...teacher, name: 'other', loss }) }))).rejects.toBe(ERROR)
  })

  it('of a state of a plugin', async () => {
    const state = { name: 'mine', init: fail, update: fail }
    await expect(distill(given({ plugins: plugin({ setup: (run) => run.addState(state) }) }))).rejects.toBe(ERROR)
  })

  it('of the update of a state of a plugin', async () => {
    const state = { name: 'mine', init: () => ({ one: tf.ones([1]) }), update: fail }
    await expect(distill(given({ plugins: plugin({ setup: (run) => run.addState(state) }) }))).rejects.toBe(ERROR)
  })

  it('of the optimizer', async () => {
    const optimizer = { ...sgd({ learningRate: 0.1 }), update: fail }
    await expect(distill(given({ optimizer }))).rejects.toBe(ERROR)
    await expect(distill(given({ optimizer: { ...optimizer, init: fail } }))).rejects.toBe(ERROR)
  })

  it.each(['train', 'validation'] as const)('of the %s data, in the middle', async (which) => {
    const { batches, ...source } = data[which]
    let calls = 0
    const failing = {
      ...source,
      *batches(options: Parameters<typeof batches>[0]) {
        for (const batch of batches(options)) {
          if (++calls === 2) {
            tf.dispose({ ...batch.fields })
            fail()
          }
          yield batch
        }
      },
    }
    const evaluated = { ...data, [which]: failing }
    await expect(distill(given({ data: evaluated, batchSize: 3 }))).rejects.toBe(ERROR)
  })
})

describe('a run that is refused leaves no tensor', () => {
  const REFUSED: Readonly<Record<string, Partial<DistillOptions>>> = {
    'a batch that is never full': { batchSize: 25 },
    'patience without a validation set': { data: { train: data.train }, patience: 1 },
    'two plugins of one name': { plugins: [ema(), ema()] },
    'two teachers of one name': { plugins: staticTeacher({ ...teacher, loss: kd() }) },
    'other classes': { data: { train: tinyData(24, 4) } },
    'parameters of another network': { parameters: teacher.parameters },
    'a folder without a checkpoint': { resume: '/dev/null/nowhere' },
  }
  it.each(Object.entries(REFUSED))('%s', async (_, part) => {
    before = tf.memory().numTensors
    await expect(distill(given(part))).rejects.toMatchObject({ name: 'GpdError' })
  })
})
