import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { initializeParameters } from '../axes/parameters.ts'
import { conv2d, dense, depthwiseConv2d, flatten, globalAveragePool, relu } from '../ops/index.ts'
import { predict } from './apply.ts'
import { withLogits, withNormalization, withProbabilities } from './at-the-ends.ts'
import { foldRescale } from './fold-rescale.ts'
import { graph, type Graph } from './graph.ts'
import type { Model } from './model.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const moments = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] }

function model(place: (g: Graph) => string): Model {
  const g = graph({ name: 'net', inputShape: [5, 4, 3] })
  const network = g.build(g.add('fc', dense({ units: 4 }), place(g)))
  const drawn = initializeParameters(network.parameters, 1)
  const parameters = Object.fromEntries(
    Object.entries(drawn).map(([name, tensor], i) => [
      name,
      tf.add(tensor, tf.randomNormal(tensor.shape, 0, 0.3, 'float32', i + 1)),
    ]),
  )
  return { network, parameters, statistics: {} }
}

const head = (g: Graph, x: string) => g.add('pool', globalAveragePool(), g.add('relu', relu(), x))
const pixels = () => tf.randomUniform([2, 5, 4, 3], 0, 1, 'float32', 5) as tf.Tensor4D
const normalized = (x: tf.Tensor) => tf.div(tf.sub(x, moments.mean), moments.deviation) as tf.Tensor4D
const worst = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

describe('withNormalization', () => {
  it('takes pixels where the model takes normalized ones, with the same tensors', () => {
    const plain = model((g) => head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 3 }), 'image')))
    const own = withNormalization(plain, moments)
    expect(worst(predict(own, pixels()), predict(plain, normalized(pixels())))).toBeLessThan(1e-6)
    expect(own.parameters).toBe(plain.parameters)
    expect(own.network.nodes.map(({ id }) => id)).toEqual(['normalized', 'conv', 'relu', 'pool', 'fc'])
    // Twice: the second normalization comes first, under a name of its own.
    expect(
      withNormalization(own, moments)
        .network.nodes.slice(0, 2)
        .map(({ id }) => id),
    ).toEqual(['normalized 2', 'normalized'])
  })

  it('refuses moments of other channels', () => {
    const plain = model((g) => g.add('flat', flatten(), 'image'))
    expect(() => withNormalization(plain, { mean: [0], deviation: [1] })).toThrow(
      /'normalized': expected one for each of 3 channels/,
    )
  })
})

describe('withProbabilities', () => {
  const plain = () => model((g) => g.add('flat', flatten(), 'image'))

  it.each([
    ['softmax', (x: tf.Tensor) => tf.softmax(x)],
    ['sigmoid', (x: tf.Tensor) => tf.sigmoid(x)],
  ] as const)('gives the %s of the logits', (activation, expected) => {
    const own = withProbabilities(plain(), activation)
    expect(Object.keys(own.network.outputs)).toEqual(['probabilities'])
    expect(worst(predict(own, pixels()), expected(predict(plain(), pixels())))).toBe(0)
  })

  it('is undone by withLogits, which leaves other networks as they are', () => {
    const before = plain()
    expect(withLogits(withProbabilities(before)).network).toEqual(before.network)
    expect(withLogits(before)).toBe(before)
  })
})

describe('foldRescale', () => {
  const folds: Readonly<Record<string, (g: Graph) => string>> = {
    'a convolution without padding': (g) =>
      head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 3, padding: 'valid' }), 'image')),
    'a convolution with a bias and padding 0': (g) =>
      head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 2, padding: 0, useBias: true }), 'image')),
    'a convolution of one pixel': (g) =>
      head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 1, strides: 2 }), 'image')),
    'a depthwise convolution': (g) =>
      head(g, g.add('conv', depthwiseConv2d({ kernelSize: 2, padding: 'valid' }), 'image')),
    'a dense layer behind a flatten': (g) => g.add('flat', flatten(), 'image'),
    'a dense layer over the channels': (g) => head(g, g.add('first', dense({ units: 5, useBias: false }), 'image')),
  }

  it.each(Object.entries(folds))('makes it part of %s', (_, place) => {
    const plain = model(place)
    const folded = foldRescale(withNormalization(plain, moments))
    expect(folded.network.nodes.map(({ id }) => id)).toEqual(plain.network.nodes.map(({ id }) => id))
    expect(worst(predict(folded, pixels()), predict(plain, normalized(pixels())))).toBeLessThan(1e-5)
  })

  const stays: Readonly<Record<string, (g: Graph) => string>> = {
    'a convolution that pads with zeros': (g) => head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 3 }), 'image')),
    'a convolution that pads a number of zeros': (g) =>
      head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 3, padding: 1 }), 'image')),
    'a grouped convolution': (g) => head(g, g.add('conv', conv2d({ filters: 3, kernelSize: 1, groups: 3 }), 'image')),
    'something that is not linear': (g) => g.add('flat', flatten(), g.add('relu', relu(), 'image')),
    'a flatten that is tapped': (g) => {
      g.tap('seen', 'flat')
      return g.add('flat', flatten(), 'image')
    },
  }

  it.each(Object.entries(stays))('leaves it in front of %s', (_, place) => {
    const plain = model(place)
    const kept = foldRescale(withNormalization(plain, moments))
    expect(kept.network.nodes[0]!.id).toBe('normalized')
    expect(worst(predict(kept, pixels()), predict(plain, normalized(pixels())))).toBeLessThan(1e-5)
  })

  it('takes over factors in front of padding, where nothing is shifted', () => {
    const plain = model((g) => head(g, g.add('conv', conv2d({ filters: 2, kernelSize: 3 }), 'image')))
    const scaled = withNormalization(plain, { mean: [0, 0, 0], deviation: moments.deviation })
    expect(foldRescale(scaled).network.nodes[0]!.id).toBe('conv')
    expect(worst(predict(foldRescale(scaled), pixels()), predict(scaled, pixels()))).toBeLessThan(1e-5)
  })

  it('leaves no tensors behind but those of the model, and says which one is missing', () => {
    const own = withNormalization(model(folds['a dense layer behind a flatten']!), moments)
    const before = tf.memory().numTensors
    const folded = foldRescale(own)
    expect(tf.memory().numTensors).toBe(before + 2)
    tf.dispose(folded.parameters)
    expect(() => foldRescale({ ...own, parameters: {} })).toThrow(/foldRescale: no tensor for 'fc.weight'/)
  })
})
