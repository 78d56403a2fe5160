import * as tf from '@tensorflow/tfjs'
import {
  predict,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePool,
  graph,
  initializeParameters,
  mapRecord,
  randomStream,
  relu,
  valueAndGradients,
  type TensorRecord,
} from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expand } from '../expand.ts'
import { inverseReparameterization } from '../inverse-reparameterization.ts'
import { branchParameters, initializeWide, teacherView } from '../lift.ts'
import { lowRank } from './low-rank.ts'
import { orepa } from './orepa.ts'

function random(shape: readonly number[], name: string): tf.Tensor {
  const stream = randomStream(7, name)
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => stream.normal()),
    [...shape],
  )
}

/** A layer of each kind: 3×3, grouped, depthwise, 1×1 with strides, dense over a flattened map, dense. */
function mixed() {
  const g = graph({ name: 'mixed', inputShape: [6, 6, 2] })
  let x = g.add('square', conv2d({ filters: 4, kernelSize: 3 }), 'image')
  x = g.add('grouped', conv2d({ filters: 4, kernelSize: 1, groups: 2 }), x)
  x = g.add('each', depthwiseConv2d({ kernelSize: 1 }), x)
  x = g.add('mix', conv2d({ filters: 3, kernelSize: 1, strides: 2 }), x)
  x = g.add('hidden', dense({ units: 5 }), g.add('flat', flatten(), x))
  return g.build(g.add('fc', dense({ units: 2 }), g.add('relu', relu(), x)))
}

const values = (tensors: TensorRecord) => mapRecord(tensors, (tensor) => Array.from(tensor.dataSync()))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('lowRank', () => {
  it('stands beside dense kernels and those of 1×1 convolutions, or those that a filter lets through', () => {
    const branched = (layers?: (node: string) => boolean) =>
      expand(mixed(), { ratio: 1, branches: lowRank({ rank: 2, ...(layers && { layers }) }) }).merges.map(
        ({ parameter }) => parameter,
      )
    expect(branched()).toEqual(['mix.weight', 'hidden.weight', 'fc.weight'])
    expect(branched((node) => node !== 'fc')).toEqual(['mix.weight', 'hidden.weight'])
  })

  it('keeps the network bit for bit while B is zero', () => {
    const student = mixed()
    const parameters = initializeParameters(student.parameters, 3)
    const ir = inverseReparameterization({ ratio: 1, branches: lowRank({ rank: 2, alpha: 5 }) })
    const expansion = ir.expand(student)
    const stored = ir.lift(expansion, parameters, 3)
    expect(stored['hidden.weight.down']!.shape).toEqual([27, 2])
    expect(stored['hidden.weight.up']!.shape).toEqual([2, 5])
    expect(Math.max(...stored['hidden.weight.down']!.dataSync())).toBeGreaterThan(0.1)
    expect(values(teacherView(expansion, stored))).toEqual(values(parameters))
    const x = random([2, 6, 6, 2], 'x')
    const logits = (view: TensorRecord) => predict({ network: student, parameters: view, statistics: {} }, x).dataSync()
    expect(logits(teacherView(expansion, stored))).toEqual(logits(parameters))
  })

  it('computes W + s·A·B and gives s·dW·Bᵀ to A, s·Aᵀ·dW to B, dW to W', () => {
    const [rank, alpha, inputs, outputs] = [2, 3, 5, 4]
    const g = graph({ name: 'one', inputShape: [1, 1, inputs] })
    const student = g.build(g.add('fc', dense({ units: outputs }), g.add('pool', globalAveragePool(), 'image')))
    const { merges } = expand(student, { ratio: 1, branches: lowRank({ rank, alpha }) })
    const tensors = {
      origin: random([inputs, outputs], 'W'),
      down: random([inputs, rank], 'A'),
      up: random([rank, outputs], 'B'),
    }
    const dW = random([inputs, outputs], 'dW')
    const merged = (given: TensorRecord) => merges[0]!.merge(given)['fc.weight']!
    const { gradients } = valueAndGradients((given) => tf.sum(tf.mul(merged(given), dW)) as tf.Scalar, tensors)

    const array = (x: tf.Tensor) => x.arraySync() as number[][]
    const [W, A, B, D] = [array(tensors.origin), array(tensors.down), array(tensors.up), array(dW)]
    const sum = (size: number, entry: (k: number) => number) =>
      Array.from({ length: size }, (_, k) => entry(k)).reduce((a, b) => a + b)
    const s = alpha / rank
    const close = (actual: tf.Tensor, expected: (i: number, j: number) => number) =>
      array(actual).forEach((row, i) => row.forEach((value, j) => expect(value).toBeCloseTo(expected(i, j), 5)))
    close(merged(tensors), (i, o) => W[i]![o]! + s * sum(rank, (k) => A[i]![k]! * B[k]![o]!))
    close(gradients['origin']!, (i, o) => D[i]![o]!)
    close(gradients['down']!, (i, k) => s * sum(outputs, (o) => D[i]![o]! * B[k]![o]!))
    close(gradients['up']!, (k, o) => s * sum(inputs, (i) => A[i]![k]! * D[i]![o]!))
  })

  it('refuses ranks and factors that are none', () => {
    expect(() => lowRank({ rank: 0 })).toThrow(/rank: expected a whole number of at least 1, got 0/)
    expect(() => lowRank({ rank: 1.5 })).toThrow(/got 1.5/)
    expect(() => lowRank({ rank: 4, alpha: NaN })).toThrow(/alpha: expected a finite number, got NaN/)
  })
})

describe("train: 'branches'", () => {
  const trained = (options: Parameters<typeof expand>[1]) =>
    expand(mixed(), options).stored.flatMap(({ name, trainable }) => (trainable ? [name] : []))

  it('trains A and B, and nothing else', () => {
    const names = ['mix', 'hidden', 'fc'].flatMap((node) => [`${node}.weight.down`, `${node}.weight.up`])
    expect(trained({ ratio: 2, branches: lowRank({ rank: 2 }), train: 'branches' })).toEqual(names)
    expect(trained({ ratio: 2, branches: lowRank({ rank: 2 }) })).toContain('fc.weight.origin')
  })

  it('trains every branch of a set that marks none as its base', () => {
    const names = trained({ ratio: 2, branches: orepa({ branches: 1 }), train: 'branches' })
    expect(names).toEqual(['square.weight.gates', 'square.weight.origin'])
  })

  it('takes constants that the kernel gives', () => {
    const half = {
      ...lowRank({ rank: 1 }),
      tensors: (site: Parameters<ReturnType<typeof lowRank>['tensors']>[0]) => {
        const { origin, ...adapter } = lowRank({ rank: 1 }).tensors(site)
        return { ...adapter, origin: { ...origin!, trainable: false as const } }
      },
    }
    const student = mixed()
    const parameters = initializeParameters(student.parameters, 3)
    const expansion = expand(student, { ratio: 1, branches: half })
    expect(expansion.stored.find(({ name }) => name === 'fc.weight.origin')!.trainable).toBe(false)
    const branched = branchParameters(expansion, parameters, 3)
    expect(branched['fc.weight.origin']!.dataSync()).toEqual(parameters['fc.weight']!.dataSync())
  })

  it('draws a wide network of its own all the same', () => {
    const expansion = expand(mixed(), { ratio: 2, branches: lowRank({ rank: 2 }), train: 'branches' })
    const both = expand(mixed(), { ratio: 2, branches: lowRank({ rank: 2 }) })
    expect(values(initializeWide(expansion, 1))).toEqual(values(initializeWide(both, 1)))
  })

  it('makes copies differ by noise on constant kernels too, or their adapters would stay equal', () => {
    const student = mixed()
    const ir = inverseReparameterization({ ratio: 2, branches: lowRank({ rank: 2 }), train: 'branches' })
    const stored = ir.lift(ir.expand(student), initializeParameters(student.parameters, 3), 3)
    const [first, second] = tf.split(stored['mix.weight.origin']!, 2, 3)
    expect(second!.dataSync()).not.toEqual(first!.dataSync())
  })

  it('is refused where nothing would be trained', () => {
    expect(() => expand(mixed(), { ratio: 1, train: 'branches' })).toThrow(/expected branches with tensors to train/)
    const none = lowRank({ rank: 2, layers: () => false })
    expect(() => expand(mixed(), { ratio: 1, branches: none, train: 'branches' })).toThrow(/got none/)
  })
})
