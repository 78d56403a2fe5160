import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '@gpdjs/core'
import { converters } from './converters/index.ts'
import { fromLayersModel } from './from-layers-model.ts'
import { registerNormalization } from './normalization-layer.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

registerNormalization()

type Config = Readonly<Record<string, unknown>>
type Shape = number[]

interface Sample {
  /** What the layer is built with, beside defaults. */
  readonly config?: Config
  readonly input?: Shape
  /** How many inputs; default 1. */
  readonly inputs?: number
}

const MAP: Shape = [6, 7, 4]

/** One layer of each class that is converted. */
const samples: Readonly<Record<string, Sample>> = {
  Activation: { config: { activation: 'relu' } },
  Add: { inputs: 2 },
  Average: { inputs: 2 },
  AveragePooling2D: {},
  BatchNormalization: {},
  Concatenate: { inputs: 2 },
  Conv2D: { config: { filters: 3, kernelSize: 3 } },
  Dense: { config: { units: 3 } },
  DepthwiseConv2D: { config: { kernelSize: 3 } },
  Dropout: { config: { rate: 0.5 } },
  ELU: {},
  Flatten: {},
  GlobalAveragePooling1D: { input: [5, 4] },
  GlobalAveragePooling2D: {},
  GlobalMaxPooling2D: {},
  LayerNormalization: {},
  LeakyReLU: {},
  MaxPooling2D: {},
  Multiply: { inputs: 2 },
  PReLU: {},
  Normalization: { config: { mean: [1, 2, 3, 4], variance: [1, 4, 9, 2] } },
  Permute: { config: { dims: [2, 1] }, input: [5, 4] },
  ReLU: {},
  Rescaling: { config: { scale: 2 } },
  Reshape: { config: { targetShape: [42, 4] } },
  SeparableConv2D: { config: { filters: 3, kernelSize: 3 } },
  Softmax: { config: { axis: -1 } },
  UpSampling2D: {},
  ZeroPadding2D: {
    config: {
      padding: [
        [1, 2],
        [0, 1],
      ],
    },
  },
}

const l2 = { className: 'L1L2', config: { l1: 0, l2: 0.01 } }
const nonNegative = { className: 'NonNeg', config: {} }
const ones = { className: 'Constant', config: { value: 0.1 } }

/** Another value of each entry of each class, legal in TensorFlow.js; by class and key, or by key. */
const others: Readonly<Record<string, unknown>> = {
  'Activation activation': 'tanh',
  'Concatenate axis': 1,
  'BatchNormalization axis': 1,
  'LayerNormalization axis': 2,
  'Softmax axis': 1,
  'Permute dims': [1, 2],
  'Reshape targetShape': [6, 28],
  'ZeroPadding2D padding': [
    [3, 0],
    [0, 1],
  ],
  'Rescaling scale': 3,
  'Normalization axis': 1,
  mean: 3,
  variance: [1, 1, 1, 2],
  invert: true,
  'LeakyReLU alpha': 0.2,
  activation: 'tanh',
  alpha: 0.5,
  beta: 1,
  center: false,
  scale: false,
  dataFormat: 'channelsFirst',
  depthMultiplier: 2,
  dilationRate: [2, 2],
  epsilon: 0.1,
  filters: 5,
  kernelSize: [2, 2],
  maxValue: 6,
  momentum: 0.5,
  noiseShape: [null, 1, 1, 4],
  offset: 1,
  padding: 'same',
  poolSize: [3, 3],
  rate: 0.3,
  seed: 7,
  sharedAxes: [1, 2],
  size: [3, 2],
  interpolation: 'bilinear',
  strides: [1, 1],
  units: 5,
  useBias: false,
  dtype: 'int32',
  trainable: false,
}

function otherValue(className: string, key: string): unknown {
  if (key === 'strides' && !className.includes('Pooling')) return [2, 2]
  if (/Regularizer$/.test(key)) return l2
  if (/Constraint$/.test(key)) return nonNegative
  if (/Initializer$/.test(key)) return ones
  return others[`${className} ${key}`] ?? others[key]
}

function build(className: string, change: Config = {}): tf.LayersModel {
  const { config = {}, input = MAP, inputs = 1 } = samples[className]!
  const [layerClass, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className]!
  const layer = fromConfig(layerClass as never, { ...config, ...change, name: 'it' } as never) as tf.layers.Layer
  const image = tf.input({ shape: input, name: 'pixels' })
  const parts = Array.from(
    { length: inputs },
    (_, i) => tf.layers.reLU({ name: `part${i}` }).apply(image) as tf.SymbolicTensor,
  )
  const end = layer.apply(inputs === 1 ? image : parts) as tf.SymbolicTensor
  const model = tf.model({ inputs: image, outputs: tf.layers.reLU({ name: 'end' }).apply(end) as tf.SymbolicTensor })
  // Whatever the initializer was: differences come from the entry alone.
  layer.setWeights(layer.getWeights().map(({ shape, size }) => tf.reshape(tf.linspace(0.3, 1.1, size), shape)))
  return model
}

/** What is said of a layer: everything that the conversion gives but for the tensors. */
function conversion(className: string, change?: Config) {
  const { network, notes, parameters } = fromLayersModel(build(className, change))
  return { nodes: network.nodes, notes, parameters: Object.keys(parameters) }
}

const entries = Object.keys(converters).flatMap((className) =>
  Object.keys((samples[className] === undefined ? tf.layers.reLU() : build(className).getLayer('it')).getConfig()).map(
    (key) => [className, key] as const,
  ),
)

it('every class that is converted is tried', () => {
  expect(Object.keys(samples).sort()).toEqual(Object.keys(converters).sort())
  expect(entries.length).toBeGreaterThan(150)
})

/** They are about the beginning of weights, and nothing of what is converted. */
const silent = /^(name|batchInputShape)$|Initializer$/

describe('an entry of a layer', () => {
  it.each(Object.keys(samples))('of class %s says nothing at its default', (className) => {
    expect(conversion(className).notes).toEqual([])
  })

  it.each(entries.filter(([, key]) => !silent.test(key)))('%s %s is honoured, noted or refused', (className, key) => {
    const value = otherValue(className, key)
    expect(value, `another value of ${className} ${key}`).toBeDefined()
    const plain = conversion(className)
    const outcome = (() => {
      try {
        return conversion(className, { [key]: value })
      } catch (error) {
        return String(error)
      }
    })()
    if (typeof outcome === 'string') {
      // TensorFlow.js itself refuses some of them.
      if (!outcome.includes('fromLayersModel')) return expect(() => build(className, { [key]: value })).toThrow()
      return expect(outcome).toMatch(/fromLayersModel: .*'it'/)
    }
    // A layer without weights has nothing to freeze, and a dtype matters to inputs alone.
    const model = build(className, { [key]: value })
    if (key === 'trainable' && model.getLayer('it').weights.length === 0) return expect(outcome).toEqual(plain)
    expect(outcome, `${className} ${key}`).not.toEqual(plain)
    if (outcome.notes.length > 0) return expect(outcome.notes.join()).toContain("'it'")
    const x = tf.randomNormal([2, ...model.inputs[0]!.shape.slice(1)] as Shape, 0, 1, 'float32', 3)
    const found = predict(fromLayersModel(model), x)
    expect(tf.max(tf.abs(tf.sub(found, model.predict(x) as tf.Tensor))).dataSync()[0]).toBeLessThan(1e-5)
  })

  it.each(entries.filter(([, key]) => silent.test(key) && key !== 'name'))('%s %s says nothing', (className, key) => {
    const change =
      key === 'batchInputShape' ? { batchInputShape: [2, ...(samples[className]!.input ?? MAP)] } : { [key]: ones }
    expect(conversion(className, change)).toEqual(conversion(className))
  })
})
