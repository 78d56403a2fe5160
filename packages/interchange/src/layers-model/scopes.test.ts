import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict, withProbabilities } from '@gpdjs/core'
import { fromLayersModel } from './from-layers-model.ts'
import { toLayersModel } from './to-layers-model.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const frozenIn = (model: tf.LayersModel) =>
  fromLayersModel(model).network.parameters.flatMap(({ name, trainable }) => (trainable === false ? [name] : []))

/** What `model.fit` would move, under the names of our parameters. */
function base(): tf.Sequential {
  return tf.sequential({
    name: 'base',
    layers: [
      tf.layers.conv2d({ inputShape: [4, 4, 2], filters: 3, kernelSize: 3, name: 'conv' }),
      tf.layers.batchNormalization({ name: 'bn' }),
      tf.layers.flatten(),
    ],
  })
}

const head = () => tf.layers.dense({ units: 2, name: 'fc' })
const baseNames = ['conv.weight', 'conv.bias', 'bn.weight', 'bn.bias']

describe('what training leaves alone', () => {
  it('is nothing by default', () => {
    expect(frozenIn(tf.sequential({ layers: [base(), head()] }))).toEqual([])
  })

  it('is a layer that is not trainable', () => {
    const model = tf.sequential({ layers: [base(), head()] })
    const inner = model.layers[0] as tf.Sequential
    inner.getLayer('conv').trainable = false
    expect(frozenIn(model)).toEqual(['conv.weight', 'conv.bias'])
  })

  it('is a model inside a model, and all in it', () => {
    const inner = base()
    inner.trainable = false
    expect(frozenIn(tf.sequential({ layers: [inner, head()] }))).toEqual(baseNames)
  })

  it('are the layers of a frozen model that another one goes on with', () => {
    const inner = base()
    inner.trainable = false
    const outputs = head().apply(inner.outputs[0]!) as tf.SymbolicTensor
    expect(frozenIn(tf.model({ inputs: inner.inputs, outputs }))).toEqual(baseNames)
  })

  it('is everything of a model that is not trainable', () => {
    const model = tf.sequential({ layers: [base(), head()] })
    model.trainable = false
    expect(frozenIn(model)).toEqual([...baseNames, 'fc.weight', 'fc.bias'])
  })

  it('are the scale and shift that a norm was built without, and then no note is needed', () => {
    const norm = tf.layers.batchNormalization({ inputShape: [3], scale: false, center: false, name: 'bn' })
    const both = tf.sequential({ layers: [norm, head()] })
    expect(frozenIn(both)).toEqual(['bn.weight', 'bn.bias'])
    expect(fromLayersModel(both).notes).toEqual([])
    const half = tf.layers.layerNormalization({ inputShape: [3], scale: false, name: 'ln' })
    const one = tf.sequential({ layers: [half, head()] })
    expect(frozenIn(one)).toEqual([])
    expect(fromLayersModel(one).notes).toEqual(["'ln' had no learned scale; training will learn one."])
  })
})

describe('inputShape', () => {
  const open = () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [null, null, 3], filters: 2, kernelSize: 3, strides: 2 }),
        tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
        tf.layers.zeroPadding2d({ padding: 1 }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.reshape({ targetShape: [-1, 2] }),
        tf.layers.globalAveragePooling1d(),
        tf.layers.dense({ units: 4 }),
      ],
    })

  it.each([
    [9, 11, 3],
    [32, 32, 3],
  ])('gives a model of open size the size %i×%i', (...inputShape) => {
    const model = open()
    const converted = fromLayersModel(model, { inputShape })
    expect(converted.network.shapes['image']).toEqual(inputShape)
    const x = tf.randomNormal([2, ...inputShape], 0, 1, 'float32', 4)
    const gap = tf.sub(predict(converted, x), model.predict(x) as tf.Tensor)
    expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-6)
  })

  it('may repeat the sizes of the model, and must not contradict them', () => {
    const fixed = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2, 3] }), head()] })
    expect(fromLayersModel(fixed, { inputShape: [2, 2, 3] }).network.shapes['image']).toEqual([2, 2, 3])
    expect(() => fromLayersModel(fixed, { inputShape: [4, 4, 3] })).toThrow(/fits \[2, 2, 3\], got \[4, 4, 3\]/)
    expect(() => fromLayersModel(open(), { inputShape: [8, 8, 1] })).toThrow(/fits \[null, null, 3\]/)
    expect(() => fromLayersModel(open(), { inputShape: [8, 8] })).toThrow(/got \[8, 8\]/)
    expect(() => fromLayersModel(open())).toThrow(/option inputShape/)
  })
})

it('what a layer is called with is noted, as TensorFlow.js passes it over', () => {
  const input = tf.input({ shape: [3] })
  const dropped = tf.layers.dropout({ rate: 0.5, name: 'drop' }).apply(input, { training: true }) as tf.SymbolicTensor
  const model = tf.model({ inputs: input, outputs: head().apply(dropped) as tf.SymbolicTensor })
  const x = tf.ones([4, 3])
  const converted = fromLayersModel(model)
  expect(Array.from(predict(converted, x).dataSync())).toEqual(Array.from((model.predict(x) as tf.Tensor).dataSync()))
  expect(converted.notes).toEqual([
    "'drop' was called with training true, which changes nothing here, as in TensorFlow.js.",
  ])
})

it('an input of whole numbers is noted, a sparse one refused', () => {
  const model = (options: object) => {
    const input = tf.input({ shape: [3], name: 'x', ...options })
    return tf.model({ inputs: input, outputs: head().apply(input) as tf.SymbolicTensor })
  }
  expect(fromLayersModel(model({})).notes).toEqual([])
  expect(fromLayersModel(model({ batchShape: [8, 3], shape: undefined })).notes).toEqual([])
  expect(fromLayersModel(model({ dtype: 'int32' })).notes).toEqual([
    '\'x\' had the dtype "int32"; the network computes in float32.',
  ])
  expect(() => fromLayersModel(model({ sparse: true }))).toThrow(/'x' \(InputLayer\) has sparse true/)
})

it('the top of MobileNetV1, as Keras 2 builds it, is read and comes back', () => {
  const layers = [
    tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.reshape({ targetShape: [1, 1, 6], name: 'reshape_1' }),
    tf.layers.dropout({ rate: 0.001 }),
    tf.layers.conv2d({ filters: 10, kernelSize: 1, padding: 'same', name: 'conv_preds' }),
    tf.layers.activation({ activation: 'softmax', name: 'act_softmax' }),
    tf.layers.reshape({ targetShape: [10], name: 'reshape_2' }),
  ]
  const model = tf.sequential({ layers })
  const x = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 4)
  const converted = fromLayersModel(model)
  const back = toLayersModel(converted)
  for (const logits of [predict(converted, x), back.predict(x) as tf.Tensor]) {
    const gap = tf.sub(tf.softmax(logits), model.predict(x) as tf.Tensor)
    expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-6)
  }
  expect(converted.activation).toBe('softmax')
  const whole = toLayersModel(withProbabilities(converted, converted.activation))
  const gap = tf.sub(whole.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor)
  expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-6)
})

it('a sigmoid that is left out can be put back', () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], units: 1, activation: 'sigmoid' })] })
  const converted = fromLayersModel(model)
  const x = tf.randomNormal([5, 3], 0, 1, 'float32', 4)
  const whole = toLayersModel(withProbabilities(converted, converted.activation))
  const gap = tf.sub(whole.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor)
  expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-6)
  expect(converted.network.shapes[converted.network.outputs['logits']!]).toEqual([1])
})
