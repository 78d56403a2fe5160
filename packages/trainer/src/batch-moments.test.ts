import * as tf from '@tensorflow/tfjs'
import { useBackend } from '@gpdjs/backends'
import {
  batchNorm,
  conv2d,
  dense,
  freeze,
  globalAveragePool,
  graph,
  initializeParameters,
  initializeStatistics,
  type BatchSource,
  type DistillationLoss,
  type Network,
} from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { fitnet, kd, nd, ofa, pkt, reviewKd, rkd, sp } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { sgd } from './optimizers/sgd.ts'
import type { Plugin } from './pipeline/plugin.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { classification } from './tasks/classification.ts'
import { scopeOf } from './scope.ts'
import { drawn, tinyNetwork, tinyTensors } from './testing.ts'

/** A norm over one value for each sample, where `pooled`; its convolution fits the branches of OREPA. */
function network({ pooled = true, width = 2 } = {}): Network {
  const g = graph({ name: 'net', inputShape: [6, 6, 1] })
  const map = g.add('conv', conv2d({ filters: width, kernelSize: 3 }), 'image')
  g.tap('map', map)
  const last = g.add('last', conv2d({ filters: width, kernelSize: 6, padding: 'valid' }), map)
  g.tap('point', last)
  const pool = g.add('pool', globalAveragePool(), last)
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: 3 }), pooled ? g.add('norm', batchNorm(), pool) : pool))
}

function base(student: Network, batchSize = 1): DistillOptions {
  const { xs, ys, classes } = tinyTensors(8)
  const train = tensorSource({ xs, ys, classes })
  return { student, data: { train }, optimizer: sgd({ learningRate: 0.05 }), epochs: 1, batchSize, maxSteps: 2 }
}

const expander = inverseReparameterization({ ratio: 2, branches: orepa() })
const taught = (loss: DistillationLoss, width = 3): Plugin =>
  staticTeacher({ ...drawn(network({ pooled: false, width }), 5), loss })
const plain = () => network({ pooled: false })

/** A further learner beside the student. */
const peer = (other: Network, mode?: 'evaluation'): Plugin => ({
  name: 'peer',
  specVersion: 1,
  setup(run) {
    run.addTensors({ name: 'peer', tensors: initializeParameters(other.parameters, 1), specs: other.parameters })
    run.addActor({
      name: 'peer',
      network: other,
      role: 'learner',
      ...(mode && { mode }),
      parameters: (tensors) => scopeOf('peer', tensors),
      statistics: initializeStatistics(other.statistics),
    })
  },
})

/** The data with a further view of every image. */
function withView(options: DistillOptions): DistillOptions {
  const train = options.data.train as BatchSource
  const strong = train.fields['image']!
  return {
    ...options,
    data: {
      train: {
        ...train,
        fields: { ...train.fields, 'image/strong': strong },
        *batches(epoch) {
          for (const batch of train.batches(epoch))
            yield { ...batch, fields: { ...batch.fields, 'image/strong': tf.clone(batch.fields['image']!) } }
        },
      },
    },
  }
}

const ofTap = (tap: string) => ({ student: tap, teacher: tap })

beforeAll(() => useBackend('cpu'))

const NORM = (owner: string) => new RegExp(`Node 'norm' \\(batchNorm\\) of '${owner}'.*got 1 in a batch of \\[1, `)

const refusals: [string, () => DistillOptions, RegExp][] = [
  ['a student', () => base(network()), NORM('student')],
  ['accumulated batches of one', () => ({ ...base(network()), accumulate: 4 }), NORM('student')],
  ['frozen parameters', () => base(freeze(network(), 'norm')), NORM('student')],
  ['a dynamic teacher that shares', () => ({ ...base(network()), plugins: dynamicTeacher({ expander }) }), NORM('student')], // prettier-ignore
  [
    'a dynamic teacher whose student is in evaluation mode',
    () => ({
      ...base(freeze(network(), 'norm', { mode: 'evaluation' })),
      plugins: dynamicTeacher({ expander, sharing: 'none', mapping: 'none' }),
    }),
    NORM('dynamic-teacher'),
  ],
  ['a peer', () => ({ ...base(plain()), plugins: peer(network()) }), NORM('peer')],
  ['a further view', () => ({ ...withView(base(network())), task: classification({ views: ['strong'] }) }), NORM('student')], // prettier-ignore
  ['beside a follower', () => ({ ...base(network()), plugins: ema({ actor: 'mean' }) }), NORM('student')],
  ["FitNets' regressor", () => ({ ...base(plain()), plugins: taught(fitnet({ ...ofTap('point'), regressor: 'convolution' })) }), /Node 'regressor0' \(batchNorm\) of 'fitnet\(student, static-teacher\)'.*\[1, 1, 1, 3\]/], // prettier-ignore
  ['the projector of ND', () => ({ ...base(plain()), plugins: taught(nd(ofTap('pool'))) }), /Node 'projector.norm' .*of 'nd\(student, static-teacher\)'/], // prettier-ignore
  ['an exit of OFA', () => ({ ...base(plain()), plugins: taught(ofa({ student: ['point', 'pool'] })) }), /Node 'exit0.down0.0' .*of 'ofa\(student, static-teacher\)'/], // prettier-ignore
  ['the fusion of ReviewKD', () => ({ ...base(plain()), plugins: taught(reviewKd(ofTap('point'))) }), /'review-kd\(student, static-teacher\)'.*at least 2, got 1/], // prettier-ignore
  ['SP', () => ({ ...base(plain()), plugins: taught(sp(ofTap('map'))) }), /'sp\(.*at least 2, got 1/],
  ['PKT', () => ({ ...base(plain()), plugins: taught(pkt(ofTap('pool'))) }), /'pkt\(.*at least 2, got 1/],
  ['RKD, over two', () => ({ ...base(plain(), 2), plugins: taught(rkd(ofTap('pool'))) }), /'rkd\(.*at least 3, got 2/],
]

const runs: [string, () => DistillOptions][] = [
  ['two samples', () => base(network(), 2)],
  ['accumulated batches of two', () => ({ ...base(network(), 2), accumulate: 2 })],
  ['one sample with maps', () => base(tinyNetwork())],
  ['no norms', () => base(plain())],
  ['a norm in evaluation mode', () => base(freeze(network(), 'norm', { mode: 'evaluation' }))],
  ['a static teacher', () => ({ ...base(plain()), plugins: staticTeacher({ ...drawn(network(), 5), loss: kd() }) })],
  ['a learner in evaluation mode', () => ({ ...base(plain()), plugins: peer(network(), 'evaluation') })],
  ['an exit of a larger map', () => ({ ...base(plain()), plugins: taught(ofa({ student: ['map', 'pool'] })) })],
  ['an exit of a vector', () => ({ ...base(plain()), plugins: taught(ofa({ student: ['pool'] })) })],
  ['ND of equal widths', () => ({ ...base(plain()), plugins: taught(nd(ofTap('pool')), 2) })],
  ['RKD, over three', () => ({ ...base(plain(), 3), plugins: taught(rkd(ofTap('pool'))) })],
]

describe('moments of one value', () => {
  it.each(refusals)('are refused before the first step: %s', async (_, options, text) => {
    const given = options()
    let begun = 0
    const before = tf.memory().numTensors
    await expect(distill({ ...given, callbacks: { onTrainBegin: () => void begun++ } })).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(text) as string,
    })
    expect(begun).toBe(0)
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before)
  })

  it.each(runs)('are not there, so that training goes on: %s', async (_, options) => {
    const run = await distill(options())
    expect(run.problem).toBeUndefined()
    expect(run.steps).toBe(2)
    run.dispose()
  })
})
