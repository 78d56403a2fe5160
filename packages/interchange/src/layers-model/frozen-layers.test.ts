import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  conv2d,
  dense,
  freeze,
  globalAveragePool,
  graph,
  initializeParameters,
  initializeStatistics,
  relu,
  scale,
} from '@gpdjs/core'
import { beforeAll, expect, it } from 'vitest'
import { fromLayersModel } from './from-layers-model.ts'
import { toLayersModel } from './to-layers-model.ts'

function network() {
  const g = graph({ name: 'net', inputShape: [4, 4, 1] })
  const x = g.add('bn', batchNorm(), g.add('conv', conv2d({ filters: 3, kernelSize: 3, useBias: true }), 'image'))
  const y = g.add('gamma', scale(), g.add('relu', relu(), x))
  return g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), y)))
}

const model = (of: ReturnType<typeof network>) => ({
  network: of,
  parameters: initializeParameters(of.parameters, 1),
  statistics: initializeStatistics(of.statistics),
})

const weightsOf = (written: tf.LayersModel, layer: string) =>
  written
    .getLayer(layer)
    .getWeights()
    .map((weight) => Array.from(weight.dataSync()))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

it.each([[['conv']], [['conv', 'bn']], [['gamma']], [['fc']]])(
  'frozen nodes are layers that fit does not train: %s',
  async (names) => {
    const written = toLayersModel(model(freeze(network(), names)))
    const layers = ['conv', 'bn', 'gamma', 'fc']
    expect(layers.filter((name) => !written.getLayer(name).trainable)).toEqual(names)
    const before = Object.fromEntries(layers.map((name) => [name, weightsOf(written, name)]))
    written.compile({ optimizer: tf.train.sgd(0.5), loss: 'meanSquaredError' })
    await written.fit(tf.randomNormal([6, 4, 4, 1], 0, 1, 'float32', 2), tf.ones([6, 2]), { epochs: 2 })
    for (const name of layers) {
      // The first two of a norm are its scale and shift; its moments move in TensorFlow.js all the same.
      const after = weightsOf(written, name).slice(0, 2)
      if (names.includes(name)) expect(after, name).toEqual(before[name]!.slice(0, 2))
      else expect(after, name).not.toEqual(before[name]!.slice(0, 2))
    }
  },
)

it('come back frozen, and others do not', () => {
  const frozen = freeze(network(), ['conv', 'bn'])
  const back = fromLayersModel(toLayersModel(model(frozen)))
  expect(back.network.parameters.flatMap(({ name, trainable }) => (trainable === false ? [name] : []))).toEqual([
    'conv.weight',
    'conv.bias',
    'bn.weight',
    'bn.bias',
  ])
})
