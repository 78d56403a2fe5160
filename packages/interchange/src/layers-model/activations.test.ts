import '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '@gpdjs/backends'
import {
  apply,
  elu,
  gelu,
  geluTanh,
  graph,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  predict,
  relu,
  relu6,
  selu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
} from '@gpdjs/core'
import { fromLayersModel, type ConvertedModel } from './from-layers-model.ts'
import { toLayersModel } from './to-layers-model.ts'

const activations = {
  relu,
  gelu,
  hardSwish,
  sigmoid,
  hardSigmoid,
  tanh,
  swish,
  softplus,
  softsign,
  mish,
  geluTanh,
  selu,
  elu,
  leakyRelu,
}

const POINTS = 201
/** From -10 to 10, the kinks 0, 3, 6 and their negatives among them. */
const points = () => tf.reshape(tf.tensor1d(Array.from({ length: POINTS }, (_, i) => (i - 100) / 10)), [1, POINTS])

const worst = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

/** What the model gave, whose last step may be left out. */
const scores = ({ activation }: ConvertedModel, logits: tf.Tensor): tf.Tensor =>
  activation === undefined ? logits : tf[activation](logits)

/** Keras' names, as TensorFlow.js has them, and ours. */
const names = {
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  gelu_new: 'geluTanh',
  swish: 'swish',
  mish: 'mish',
  sigmoid: 'sigmoid',
  hardSigmoid: 'hardSigmoid',
  tanh: 'tanh',
  softplus: 'softplus',
  softsign: 'softsign',
} as const

type Name = Parameters<typeof tf.layers.activation>[0]['activation']

const layers: Readonly<Record<string, () => tf.layers.Layer>> = {
  ReLU: () => tf.layers.reLU({ inputShape: [POINTS] }),
  'ReLU with ceiling 6': () => tf.layers.reLU({ inputShape: [POINTS], maxValue: 6 }),
  ELU: () => tf.layers.elu({ inputShape: [POINTS] }),
  'LeakyReLU with alpha 0.2': () => tf.layers.leakyReLU({ inputShape: [POINTS], alpha: 0.2 }),
  LeakyReLU: () => tf.layers.leakyReLU({ inputShape: [POINTS] }),
  ...Object.fromEntries(
    Object.keys(names).map((name) => [
      `Activation ${name}`,
      () => tf.layers.activation({ inputShape: [POINTS], activation: name as Name }),
    ]),
  ),
}

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await useBackend(backend)
  })

  it.each(Object.entries(layers))('%s computes what Keras computes, there and back', (_, make) => {
    const model = tf.sequential({ layers: [make()] })
    const converted = fromLayersModel(model)
    const theirs = model.predict(points()) as tf.Tensor
    expect(worst(scores(converted, predict(converted, points())), theirs)).toBeLessThan(1e-5)
    const back = toLayersModel(converted).predict(points()) as tf.Tensor
    expect(worst(scores(converted, back), theirs)).toBeLessThan(1e-5)
  })

  it.each(Object.entries({ ...activations, relu6 }))('%s has the slope of finite differences', (_, activation) => {
    const g = graph({ name: 'n', inputShape: [POINTS] })
    const network = g.build(g.add('f', activation(), 'image'))
    const f = (x: tf.Tensor) =>
      apply({ network, parameters: {}, statistics: {} }, x as tf.Tensor4D, { training: true }).outputs['logits']!
    // Between the kinks, which are at multiples of one half.
    const [at, step] = [tf.add(points(), 0.13), 0.01]
    const slope = tf.div(tf.sub(f(tf.add(at, step)), f(tf.sub(at, step))), 2 * step)
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(f(x)))(at)
    expect(worst(gradient, slope)).toBeLessThan(1e-3)
    expect(Math.max(...gradient.dataSync())).toBeGreaterThan(0.1)
  })

  it('stays finite far from zero', () => {
    const far = tf.tensor2d([[-1e4, -200, 200, 1e4]])
    for (const [name, activation] of Object.entries(activations)) {
      const g = graph({ name: 'n', inputShape: [4] })
      const network = g.build(g.add('f', activation(), 'image'))
      const f = (x: tf.Tensor) =>
        apply({ network, parameters: {}, statistics: {} }, x as tf.Tensor4D, { training: true }).outputs['logits']!
      expect(Array.from(f(far).dataSync()).every(Number.isFinite), name).toBe(true)
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(f(x)))(far)
      expect(Array.from(gradient.dataSync()).every(Number.isFinite), `slope of ${name}`).toBe(true)
    }
  })
})

it('an ELU of another alpha is refused: TensorFlow.js has no layer for it', () => {
  const g = graph({ name: 'n', inputShape: [3] })
  const network = g.build(g.add('steep', activations.elu({ alpha: 2 }), 'image'))
  expect(() => toLayersModel({ network, parameters: {}, statistics: {} })).toThrow(
    /node 'steep' \(elu\) has alpha 2; .*ONNX/,
  )
})

describe('the option `activation` of a layer', () => {
  it.each(Object.entries(names))('%s becomes a node of its own', async (keras, op) => {
    await useBackend('cpu')
    const activation = keras as Name
    const conv = tf.layers.conv2d({ inputShape: [5, 5, 2], filters: 3, kernelSize: 3, activation, name: 'conv' })
    const dense = tf.layers.dense({ units: 4, activation, name: 'dense' })
    const model = tf.sequential({ layers: [conv, tf.layers.flatten(), dense, tf.layers.dense({ units: 2 })] })
    const { network, parameters, statistics } = fromLayersModel(model)
    expect(network.nodes.filter((node) => node.op === op)).toHaveLength(2)
    const x = tf.randomNormal([2, 5, 5, 2], 0, 3, 'float32', 4) as tf.Tensor4D
    const logits = predict({ network, parameters, statistics }, x)
    expect(worst(logits, model.predict(x) as tf.Tensor)).toBeLessThan(1e-5)
  })

  it.each([
    ['softmax', ''],
    ['logSoftmax', ''],
    ['sigmoid', ' Each is for a label of its own: train with the task multiLabel().'],
  ] as const)('%s is left out at the end', (activation, advice) => {
    const last = { units: 2, activation: activation as Name, name: 'end' }
    const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], ...last })] })
    const converted = fromLayersModel(model)
    expect(converted.notes).toEqual([`The ${activation} of 'end' is left out: the network gives logits.${advice}`])
    // There is no op of the logarithm: its probabilities are those of a softmax.
    expect(converted.activation).toBe(activation === 'logSoftmax' ? undefined : activation)
    const x = tf.randomNormal([4, 3], 0, 2, 'float32', 8)
    const found = tf[activation](predict(converted, x))
    expect(worst(found, model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
  })

  it.each(['softmax', 'sigmoid'] as const)('%s is left out in front of what only changes the shape', (activation) => {
    // The end of the MobileNets of Keras 2.
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [1, 1, 5], filters: 3, kernelSize: 1 }),
        tf.layers.activation({ activation }),
        tf.layers.reshape({ targetShape: [3] }),
        tf.layers.activation({ activation: 'linear' }),
      ],
    })
    const converted = fromLayersModel(model)
    expect(converted.activation).toBe(activation)
    const x = tf.randomNormal([4, 1, 1, 5], 0, 2, 'float32', 8)
    expect(worst(scores(converted, predict(converted, x)), model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
  })

  it.each(['softmax', 'sigmoid'] as const)('%s stays in front of what does more', (activation) => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ inputShape: [3], units: 4, activation }), tf.layers.dense({ units: 2 })],
    })
    const converted = fromLayersModel(model)
    expect(converted.activation).toBeUndefined()
    expect(converted.notes).toEqual([])
    const x = tf.randomNormal([4, 3], 0, 2, 'float32', 8)
    expect(worst(predict(converted, x), model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
  })

  it('logSoftmax is refused before the end', () => {
    const activation = 'logSoftmax' as Name
    const model = tf.sequential({
      layers: [tf.layers.dense({ inputShape: [3], units: 2, activation }), tf.layers.dense({ units: 2 })],
    })
    expect(() => fromLayersModel(model)).toThrow(`'logSoftmax' before the end of the model`)
  })

  it.each([1, 2, [1, 3]])('a softmax over axis %j of a map is refused', (axis) => {
    const softmax = tf.layers.softmax({ inputShape: [2, 3, 4], axis })
    const model = tf.sequential({ layers: [softmax, tf.layers.flatten(), tf.layers.dense({ units: 2 })] })
    expect(() => fromLayersModel(model)).toThrow(/is over axis \[/)
  })

  it('of a ceiling other than 6 is refused', () => {
    const model = tf.sequential({ layers: [tf.layers.reLU({ inputShape: [3], maxValue: 3, name: 'low' })] })
    expect(() => fromLayersModel(model)).toThrow(/layer 0 'low' \(ReLU\) has maxValue 3/)
  })
})
