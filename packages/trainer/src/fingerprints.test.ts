import { createHash } from 'node:crypto'
import * as tf from '@tensorflow/tfjs'
import { inverseReparameterization, orepa } from '@gpdjs/ir-expansion'
import { crd, dkd, kd, mlkd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it } from 'vitest'
import { tensorSource } from '@gpdjs/data'
import { distill } from './distill.ts'
import type { DistillOptions } from './distill-options.ts'
import { adamw } from './optimizers/adamw.ts'
import { sgd } from './optimizers/sgd.ts'
import { dynamicTeacher } from './plugins/dynamic-teacher.ts'
import { ema } from './plugins/ema.ts'
import { staticTeacher } from './plugins/static-teacher.ts'
import { drawn, tinyNetwork, tinyTensors } from './testing.ts'

/** Twenty steps on the cpu backend, seed 0: five epochs of four batches of six. */
const RUN = { epochs: 5, batchSize: 6, seed: 0 } as const

const teacher = () => drawn(tinyNetwork({ width: 4 }), 9)

type Case = () => Omit<DistillOptions, 'student' | 'data' | 'optimizer' | 'epochs'> & {
  readonly optimizer?: DistillOptions['optimizer']
}

const CASES: Readonly<Record<string, Case>> = {
  'labels only': () => ({}),
  KD: () => ({ plugins: staticTeacher({ ...teacher(), loss: kd({ temperature: 4 }) }) }),
  'DKD + GPD + EMA': () => ({
    plugins: [
      staticTeacher({ ...teacher(), loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
      dynamicTeacher({ expander: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
      ema(),
    ],
  }),
  'MLKD (views)': () => ({ plugins: staticTeacher({ ...teacher(), loss: mlkd() }) }),
  'CRD (index)': () => ({ plugins: staticTeacher({ ...teacher(), loss: crd({ student: 'pool', negatives: 4 }) }) }),
  'AdamW with accumulation': () => ({
    plugins: staticTeacher({ ...teacher(), loss: kd({ temperature: 4 }) }),
    optimizer: adamw({ learningRate: 0.01 }),
    batchSize: 3,
    accumulate: 2,
  }),
}

function sourceOfViews() {
  const { xs, ys, classes } = tinyTensors()
  return tensorSource({ xs, ys, classes, views: { strong: tf.mul(xs, 0.5) } })
}

/** SHA-256 over the names and the bytes of all tensors, names in order. */
async function fingerprint(tensors: Readonly<Record<string, tf.Tensor>>): Promise<string> {
  const hash = createHash('sha256')
  for (const name of Object.keys(tensors).sort()) {
    hash.update(name)
    hash.update(new Uint8Array(((await tensors[name]!.data()) as Float32Array).slice().buffer))
  }
  return hash.digest('hex')
}

const RECORDED: Readonly<Record<string, string>> = {
  'labels only': 'a55ca83b26cc44919779297827b5c57e0e158c09958e31b4b0401ee00b437ce6',
  KD: 'aab0792ba0bf92204b132ca5a71866cd1a233b647bb02556e82d0e0a3f201c85',
  'DKD + GPD + EMA': '59f01503fc75de21d11ed54ce19b99bd4f29a6daf2cce93fbed5b1ae0791503e',
  'MLKD (views)': '135dccd6af41b22e84117807b39288e03f3772a95e126bafa6168166c1198cff',
  'CRD (index)': '74e27e823f0fd29e0ebd8a7630c2907da87e733f210c782933cdd19da49e57f0',
  'AdamW with accumulation': 'a94630d004d12ebec45344cc5594d8a87379adf6a0c144cc5515e61f90775f32',
}

/** Of the batch-norm moments, which no gradient depends on in training. */
const MOMENTS: Readonly<Record<string, string>> = {
  'labels only': '05c381a9b3f752abe8795c968d00eabb335891ce8f1e7fa919d095753164e65d',
  KD: '8b72da6bdf2b41de74c1fdcde812a83d45641f6cc7a8ac8e0c88ba6947a8d94f',
  'DKD + GPD + EMA': '4fd736abf923139e0aceb698f635dd0cf59c08456770e58e8f5248a493a4f92c',
  'MLKD (views)': '41fa64d3a7318474f622c0516416969928090c3f038eccc7c588dade7e000fc9',
  'CRD (index)': 'd609eb55bffce7c8e4aaecaecf9ae8e6cc73cd8a8012d7d7b48572c2ae20c665',
  'AdamW with accumulation': 'f2253e43a4bab8984771d94caac05e986404e3cc27750a54da40f317179c60ed',
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('the parameters of a student after twenty steps', () => {
  it.each(Object.entries(CASES))('are bit for bit those recorded: %s', async (name, options) => {
    const run = await distill({
      student: tinyNetwork(),
      data: { train: sourceOfViews() },
      optimizer: sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
      ...RUN,
      ...options(),
    })
    expect(run.steps).toBe(20)
    expect(await fingerprint(run.student.parameters)).toBe(RECORDED[name])
    expect(await fingerprint(run.student.statistics)).toBe(MOMENTS[name])
    run.dispose()
  })
})
