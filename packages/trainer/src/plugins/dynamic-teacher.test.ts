import * as tf from '@tensorflow/tfjs'
import { mapRecord, type TensorRecord } from '@gpdjs/core'
import { inverseReparameterization, lowRank, type Expander } from '@gpdjs/ir-expansion'
import { beforeAll, expect, it } from 'vitest'
import { distill } from '../distill.ts'
import { sgd } from '../optimizers/sgd.ts'
import type { Actor } from '../pipeline/actor.ts'
import type { RunSetup } from '../pipeline/plugin.ts'
import { drawn, tinyData, tinyNetwork } from '../testing.ts'
import { dynamicTeacher } from './dynamic-teacher.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

it('reads its parameters and its first statistics through the expander that it is given', () => {
  const { network, parameters, statistics } = drawn(tinyNetwork(), 1)
  const inverse = inverseReparameterization({ ratio: 2 })
  const doubled = (tensors: TensorRecord) => mapRecord(tensors, (tensor) => tf.mul(tensor, 2))
  const expander: Expander = {
    ...inverse,
    name: 'doubled',
    liftStatistics: (expansion, given) => doubled(inverse.liftStatistics(expansion, given)),
    teacherView: (expansion, stored, options) => doubled(inverse.teacherView(expansion, stored, options)),
  }
  const actors: Actor[] = []
  let stored: TensorRecord = {}
  dynamicTeacher({ expander: expander }).setup!({
    network,
    studentParameters: parameters,
    seed: 1,
    student: { statistics },
    addTensors: (store: { tensors: TensorRecord }) => (stored = store.tensors),
    addActor: (actor: Actor) => actors.push(actor),
    replaceStudent: () => undefined,
  } as unknown as RunSetup)
  const [{ parameters: view, statistics: first }] = actors as [Actor]
  const scoped = Object.fromEntries(Object.entries(stored).map(([name, tensor]) => [`dynamic-teacher/${name}`, tensor]))
  const expansion = inverse.expand(network)
  const values = (tensors: TensorRecord) => mapRecord(tensors, (tensor) => Array.from(tensor.dataSync()))
  expect(values(view(scoped))).toEqual(values(doubled(inverse.teacherView(expansion, stored))))
  expect(values(first)).toEqual(values(doubled(inverse.liftStatistics(expansion, statistics))))
})

it("trains adapters and nothing else with train: 'branches'", async () => {
  const student = drawn(tinyNetwork(), 1)
  const run = await distill({
    student: student.network,
    parameters: student.parameters,
    data: { train: tinyData() },
    optimizer: sgd({ learningRate: 0.1, weightDecay: 1e-2 }),
    epochs: 2,
    batchSize: 6,
    seed: 0,
    plugins: dynamicTeacher({
      expander: inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 2 }), train: 'branches' }),
    }),
  })
  const moved = Object.entries(student.parameters).flatMap(([name, before]) =>
    tf.equal(before, run.student.parameters[name]!).all().dataSync()[0] ? [] : [name],
  )
  expect(moved).toEqual(['fc.weight'])
  run.dispose()
})
