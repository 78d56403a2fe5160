import * as tf from '@tensorflow/tfjs'
import { conv2d, dense, flatten, graph, initializeParameters, type Batch, type Model } from '@gpdjs/core'
import { fitnet, kd } from '@gpdjs/kd-losses'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { distill } from '../distill.ts'
import type { DistillOptions } from '../distill-options.ts'
import { sgd } from '../optimizers/sgd.ts'
import { buildPipeline } from '../pipeline/pipeline.ts'
import { staticTeacher, type StaticTeacherOptions } from '../plugins/static-teacher.ts'
import { drawn, tinyData, tinyNetwork, tinyTensors } from '../testing.ts'
import { outputCache } from './output-cache.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const values = (record: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, [...tensor.dataSync()]]))

type Known = Awaited<ReturnType<ReturnType<typeof outputCache>['lookUp']>>
const disposeKnown = (known: Known) =>
  tf.dispose(Object.values(known).flatMap(({ outputs, taps }) => [{ ...outputs }, { ...taps }]))

/** How often a function of the engine's kernels runs. */
async function callsOf(kernel: string, f: () => Promise<unknown>): Promise<number> {
  const run = vi.spyOn(tf.engine(), 'runKernel')
  await f()
  const calls = run.mock.calls.filter(([name]) => name === kernel).length
  run.mockRestore()
  return calls
}

const options = (teacher: StaticTeacherOptions): DistillOptions => ({
  student: tinyNetwork(),
  data: { train: tinyData(24) },
  optimizer: sgd({ learningRate: 0.05 }),
  epochs: 3,
  batchSize: 8,
  seed: 0,
  plugins: staticTeacher(teacher),
})

describe('outputs of a frozen actor', () => {
  it.each([
    ['logits', () => kd()],
    ['taps', () => fitnet({ student: 'features', regressor: 'pointwise' })],
  ])('are remembered to the same result, bit for bit: %s', async (_, loss) => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const train = async (cache: boolean) => {
      const run = await distill(options({ ...teacher, loss: loss(), cache }))
      return values(run.student.parameters)
    }
    expect(await train(true)).toEqual(await train(false))
  })

  it('are computed once for every sample, and leave no tensor behind', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const pipeline = buildPipeline({
      student: tinyNetwork(),
      seed: 0,
      plugins: staticTeacher({ ...teacher, loss: kd() }),
    })
    const cache = outputCache(pipeline, false)
    const before = tf.memory().numTensors
    const epoch = async (number: number) => {
      for (const batch of tinyData(24).batches({ batchSize: 8, seed: 0, epoch: number, training: true })) {
        disposeKnown(await cache.lookUp(batch))
        tf.dispose({ ...batch.fields })
      }
    }
    expect(await callsOf('Conv2D', () => epoch(0))).toBe(6)
    expect(await callsOf('Conv2D', () => epoch(1))).toBe(0)
    // The data of each call of tinyData, which are the caller's.
    expect(tf.memory().numTensors - before).toBe(4)
  })

  it('are computed again where data vary, where the actor has `cache: false`, and beyond the budget', async () => {
    const teacher = drawn(tinyNetwork({ width: 4 }), 1)
    const of = (cache: boolean) =>
      buildPipeline({ student: tinyNetwork(), seed: 0, plugins: staticTeacher({ ...teacher, loss: kd(), cache }) })
    const [batch] = tinyData(8).batches({ batchSize: 8, seed: 0, epoch: 0, training: false })
    expect(await outputCache(of(true), true).lookUp(batch!)).toEqual({})
    expect(await outputCache(of(false), false).lookUp(batch!)).toEqual({})
    // Three logits of 4 bytes for each of five samples.
    const small = outputCache(of(true), false, 60)
    const twice = async () => {
      disposeKnown(await small.lookUp(batch!))
      disposeKnown(await small.lookUp(batch!))
    }
    expect(await callsOf('Conv2D', twice)).toBe(4)
  })

  it('are kept by the items of an input where they depend on that input only', async () => {
    const g = graph({
      name: 'towers',
      inputs: {
        query: { shape: [2, 2, 1], dtype: 'float32' },
        document: { shape: [2, 2, 1], dtype: 'float32' },
      },
    })
    const tower = (input: string) =>
      g.add(
        `${input}.fc`,
        dense({ units: 3 }),
        g.add(`${input}.flat`, flatten(), g.add(`${input}.conv`, conv2d({ filters: 2, kernelSize: 1 }), input)),
      )
    const network = g.build({ query: tower('query'), document: tower('document') })
    const model: Model = { network, parameters: initializeParameters(network.parameters, 1), statistics: {} }
    const task = {
      name: 'pairs',
      outputs: ['query', 'document'],
      fields: {},
      rows: ({ query, document }: Readonly<Record<string, tf.Tensor>>) => ({
        logits: tf.matMul<tf.Tensor2D>(query!, document!, false, true),
        labels: tf.range(0, query!.shape[0]!, 1, 'int32'),
      }),
      objective: { name: 'none', weight: 0, compute: () => tf.tensor1d([]) },
      measure: () => ({}),
      judge: { metric: 'acc', goal: 'max' },
    } as const
    const pipeline = buildPipeline({
      student: network,
      seed: 0,
      task,
      plugins: staticTeacher({ ...model, loss: kd({ temperature: 1 }) }),
    })
    const cache = outputCache(pipeline, false)
    const { xs } = tinyTensors(4)
    const pixels = tf.slice(xs, [0, 0, 0, 0], [4, 2, 2, 1])
    const batch = (index: number[], documents: number[]): Batch => ({
      fields: { query: tf.gather(pixels, index), document: tf.gather(pixels, documents) },
      index: Uint32Array.from(index),
      keys: { document: Uint32Array.from(documents) },
    })
    const lookUp = async (index: number[], documents: number[]) => {
      const known = await cache.lookUp(batch(index, documents))
      return values(known['static-teacher']!.outputs)
    }
    const first = await lookUp([0, 1], [3, 2])
    // Other queries, documents that are known: one tower is computed.
    let second: Record<string, number[]> = {}
    expect(await callsOf('Conv2D', async () => (second = await lookUp([2, 3], [2, 3])))).toBe(1)
    expect(second['document']!.slice(0, 3)).toEqual(first['document']!.slice(3))
  })
})
