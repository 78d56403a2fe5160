import * as tf from '@tensorflow/tfjs'
import {
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePool,
  graph,
  randomStream,
  sizeOf,
  valueAndGradients,
  type Network,
  type TensorRecord,
} from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expand } from '../expand.ts'
import { branchParameters } from '../lift.ts'
import { orepa, type OrepaOptions } from './orepa.ts'

const [CHANNELS, FILTERS] = [3, 6]

function network(kind: 'full' | 'depthwise'): Network {
  const g = graph({ name: kind, inputShape: [5, 6, kind === 'full' ? CHANNELS : FILTERS] })
  const conv = kind === 'full' ? conv2d({ filters: FILTERS, kernelSize: 3 }) : depthwiseConv2d({ kernelSize: 3 })
  return g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), g.add('conv', conv, 'image'))))
}

function random(shape: readonly number[], name: string): tf.Tensor {
  const stream = randomStream(7, name)
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
    [...shape],
  )
}

/** Branches of one convolution in which every number is random, and the kernel they merge to. */
function site(kind: 'full' | 'depthwise', options: OrepaOptions = {}) {
  const student = network(kind)
  const expansion = expand(student, { ratio: 1, branches: orepa(options) })
  const merge = expansion.merges[0]!
  const specs = new Map(expansion.stored.map((stored) => [stored.name, stored]))
  const tensors = Object.fromEntries(
    Object.entries(merge.stored).map(([short, name]) => {
      const { shape, values } = specs.get(name)!
      return [short, values ? tf.tensor(values(shape), [...shape]) : random(shape, short)]
    }),
  )
  const trained = Object.keys(merge.stored).filter((short) => specs.get(merge.stored[short]!)!.trainable)
  const merged = (given: TensorRecord) => merge.merge(given)[merge.parameter]!
  return { expansion, merge, merged, tensors, trained, student }
}

/** Each branch as convolutions of the image, by its definition, with `kernel[y][x]` in HWIO. */
function branchOutputs(t: Readonly<Record<string, tf.Tensor>>, x: tf.Tensor4D): tf.Tensor4D[] {
  const conv = (image: tf.Tensor, kernel: tf.Tensor) =>
    tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same')
  const full = (k: tf.Tensor) => tf.reshape(tf.transpose(k, [1, 0, 2]), [3, 3, k.shape[0]!, k.shape[2]!])
  const one = (k: tf.Tensor) => tf.reshape(k, [1, 1, k.shape[0]!, k.shape.at(-1)!])
  const perFilter = (k: tf.Tensor) => tf.reshape(k, [3, 3, k.shape[1]!, 1]) as tf.Tensor4D
  const mean = tf.fill([3, 3, FILTERS, 1], 1 / 9) as tf.Tensor4D
  const each = (image: tf.Tensor, kernel: tf.Tensor4D) => tf.depthwiseConv2d(image as tf.Tensor4D, kernel, 1, 'same')
  // d[i, tap, t] as a depthwise convolution with 8 filters for each channel
  const eight = tf.reshape(tf.transpose(t['depthwise']!, [1, 0, 2]), [3, 3, CHANNELS, 8]) as tf.Tensor4D
  return [
    conv(x, full(t['origin']!)),
    each(conv(x, one(t['average']!)), mean),
    each(conv(x, one(t['prior']!)), perFilter(t['frequency']!)),
    conv(conv(x, one(tf.add(t['inner']!, t['identity']!))), full(t['outer']!)),
    conv(x, t['pointwise']!.shape[1] === 1 ? one(t['pointwise']!) : full(t['pointwise']!)),
    conv(each(x, eight), tf.reshape(t['project']!, [1, 1, 8 * CHANNELS, FILTERS])),
  ]
}

const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('orepa', () => {
  it.each(['release', 'original'] as const)(
    'merges to the sum of its branches run one by one, borders included (%s)',
    (variant) => {
      const { merged, tensors } = site('full', { variant })
      const x = random([2, 5, 6, CHANNELS], 'x') as tf.Tensor4D
      const gates = tf.unstack(tensors['gates']!)
      const expected = tf.addN(branchOutputs(tensors, x).map((y, i) => tf.mul(y, gates[i]!)))
      const actual = tf.conv2d(x, merged(tensors) as tf.Tensor4D, 1, 'same')
      expect(gap(actual, expected)).toBeLessThan(2e-4)
    },
  )

  it('merges a depthwise convolution from per-channel branches', () => {
    const { merged, tensors } = site('depthwise')
    const kernel = merged(tensors)
    expect(kernel.shape).toEqual([3, 3, FILTERS, 1])
    const at = (name: string, ...index: number[]) => {
      const tensor = tensors[name]!
      return tensor.bufferSync().get(...index) as number
    }
    for (const [tap, channel] of [
      [0, 0],
      [4, 2],
      [8, 5],
    ] as const) {
      const separable = Array.from(
        { length: 8 },
        (_, t) => at('project', t, 0, channel) * at('depthwise', t, tap, channel),
      ).reduce((a, b) => a + b)
      const parts = [
        at('origin', tap, channel),
        at('average', 0, channel) / 9,
        at('prior', 0, channel) * at('frequency', tap, channel),
        (at('inner', 0, channel) + 1) * at('outer', 0, tap, channel),
        at('pointwise', tap, channel),
        separable,
      ]
      const expected = parts.reduce((sum, part, i) => sum + part * at('gates', i, channel), 0)
      expect(kernel.bufferSync().get(Math.floor(tap / 3), tap % 3, channel, 0)).toBeCloseTo(expected, 4)
    }
  })

  it('keeps the kernel exactly with the single gate', () => {
    const { expansion, merge, merged, student } = site('full', { gates: 'single' })
    const plain = Object.fromEntries(student.parameters.map(({ name, shape }) => [name, random(shape, name)]))
    const stored = branchParameters(expansion, plain, 1)
    const branches = Object.fromEntries(Object.entries(merge.stored).map(([short, name]) => [short, stored[name]!]))
    expect(Array.from(merged(branches).dataSync())).toEqual(Array.from(plain['conv.weight']!.dataSync()))
  })

  it.each([1, 2, 3, 4, 5, 6])('has %i branches for that option', (branches) => {
    const { merge } = site('full', { branches })
    const tensorsOf = [
      ['origin'],
      ['average'],
      ['prior', 'frequency'],
      ['inner', 'identity', 'outer'],
      ['pointwise'],
      ['depthwise', 'project'],
    ]
    expect(Object.keys(merge.stored).sort()).toEqual(['gates', ...tensorsOf.slice(0, branches).flat()].sort())
  })

  it.each([
    ['full', 6],
    ['depthwise', 6],
    ['full', 1],
    ['depthwise', 2],
  ] as const)('has the gradient of finite differences in every trained tensor (%s, %i branches)', (kind, branches) => {
    const { merged, tensors, trained } = site(kind, { branches })
    const cotangent = random(merged(tensors).shape, 'cotangent')
    const f = (given: Readonly<Record<string, tf.Tensor>>) => tf.sum(tf.mul(merged(given), cotangent)) as tf.Scalar
    const { gradients } = valueAndGradients(f, tensors)
    for (const name of trained) {
      const direction = random(tensors[name]!.shape, `direction ${name}`)
      const moved = (h: number) =>
        f({ ...tensors, [name]: tf.add(tensors[name]!, tf.mul(direction, h)) }).dataSync()[0]!
      const h = 1e-2 // every branch is linear in each of its tensors, so a long step is exact
      const expected = (moved(h) - moved(-h)) / (2 * h)
      const actual = tf.sum(tf.mul(gradients[name]!, direction)).dataSync()[0]!
      expect(Math.abs(actual - expected)).toBeLessThan(2e-3 * (1 + Math.abs(expected)))
    }
  })

  it('refuses counts and names that do not exist, naming the nearest', () => {
    expect(() => orepa({ branches: 7 })).toThrow(/1 to 6, got 7/)
    expect(() => orepa({ branches: 0 })).toThrow(/1 to 6/)
    expect(() => orepa({ branches: ['origin', 'expension' as never] })).toThrow(/expansion/)
    expect(() => orepa({ branches: ['average'] })).toThrow(/'origin' among them/)
  })

  it('branches only 3×3 convolutions that keep the size, and those a filter lets through', () => {
    const g = graph({ name: 'mixed', inputShape: [8, 8, 3] })
    let x = g.add('a', conv2d({ filters: 4, kernelSize: 3 }), 'image')
    x = g.add('b', conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 1 }), x)
    x = g.add('c', conv2d({ filters: 4, kernelSize: 1 }), x)
    x = g.add('d', conv2d({ filters: 4, kernelSize: 3, padding: 1 }), x)
    const mixed = g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), x)))
    const branched = (options: OrepaOptions) =>
      expand(mixed, { ratio: 2, branches: orepa(options) }).merges.map(({ parameter }) => parameter)
    expect(branched({})).toEqual(['a.weight', 'd.weight'])
    expect(branched({ layers: (node) => node !== 'a' })).toEqual(['d.weight'])
  })
})
