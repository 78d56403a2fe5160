import * as tf from '@tensorflow/tfjs'
import { initializeParameters } from '@gpdjs/core'
import { tensorSource } from '@gpdjs/data'
import { inverseReparameterization } from '@gpdjs/ir-expansion'
import { kd } from '@gpdjs/kd-losses'
import { adamw, distill, dynamicTeacher, evaluate, staticTeacher } from '@gpdjs/trainer'
import { beforeAll, describe, expect, it } from 'vitest'
import { random } from './testing/small-run.ts'
import { pairs, twoTowers } from './two-towers.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Queries and documents are two views of the same hidden vectors, through matrices that the towers must undo. */
function pairsOf(count: number, name: string) {
  const hidden = random([count, 4], `hidden ${name}`)
  const through = (matrix: string, size: number) => tf.matMul(hidden, random([4, size], matrix))
  return tensorSource({ fields: { query: through('A', 6), document: through('B', 5) } })
}

const sizes = { query: 6, document: 5 }
const student = twoTowers({ ...sizes, width: 8 })
const task = pairs()

describe('two towers', () => {
  it('find more and more documents of validation pairs, alone and with GPD', async () => {
    const data = { train: pairsOf(128, 'train'), validation: pairsOf(64, 'validation') }
    const options = {
      student,
      data,
      task,
      optimizer: adamw({ learningRate: 0.01 }),
      epochs: 12,
      batchSize: 32,
      seed: 0,
    }
    const start = { network: student, parameters: initializeParameters(student.parameters, 0), statistics: {} }
    const before = (await evaluate(start, data.validation, { task }))['recall@1']
    const alone = await distill(options)
    const beside = await distill({
      ...options,
      plugins: dynamicTeacher({ expander: inverseReparameterization({ ratio: 2 }) }),
    })
    for (const run of [alone, beside]) {
      expect(run.best!.metric).toBe('recall@1')
      expect(run.best!.value).toBeGreaterThan(before + 0.3)
    }
    expect(beside.history.at(-1)!.logs).toHaveProperty(['val_recall@1/dynamic-teacher'])
  })

  it('are taught by scores of a larger pair of towers, each document of which is embedded once', async () => {
    const train = pairsOf(96, 'train')
    const network = twoTowers({ ...sizes, width: 32 })
    const optimizer = adamw({ learningRate: 0.01 })
    const teacher = await distill({ student: network, data: { train }, task, optimizer, epochs: 8, batchSize: 32 })
    const plugins = staticTeacher({ ...teacher.student, loss: kd({ temperature: 1 }) })
    const run = await distill({ student, data: { train }, task, optimizer, epochs: 8, batchSize: 32, plugins })
    const losses = run.history.map(({ logs }) => logs['kd(student, static-teacher)']!)
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!)
  })

  it('are refused with the field that a batch lacks, or the output that a network lacks', async () => {
    const optimizer = adamw({ learningRate: 0.01 })
    const queries = tensorSource({ fields: { query: random([8, 6], 'queries') } })
    const options = { student, data: { train: queries }, task, optimizer, epochs: 1, batchSize: 4 }
    await expect(distill(options)).rejects.toThrow(
      /'student' reads the field 'document', which the train data does not/,
    )
    const train = pairsOf(8, 'train')
    await expect(
      distill({ ...options, data: { train }, student: twoTowers({ query: 7, document: 5, width: 4 }) }),
    ).rejects.toThrow(/'student' reads the field 'query' as float32 \[7\], the train data has float32 \[6\]/)
  })
})
