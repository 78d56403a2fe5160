import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { predict, randomStream, sizeOf } from '@gpdjs/core'
import { fromLayersModel } from './from-layers-model.ts'
import { readModelArtifacts } from './model-artifacts.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

type Json = Readonly<Record<string, unknown>>
type Weights = Readonly<Record<string, tf.Tensor>>

const worst = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

const random = (shape: number[], seed: number): tf.Tensor => {
  const stream = randomStream(seed, 'keras')
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
    shape,
  )
}

/** A file of Keras with its weights, in the order of the names. */
async function load(topology: Json, weights: Weights, onWarning?: (message: string) => void): Promise<tf.LayersModel> {
  const weightsManifest = [
    {
      paths: ['w.bin'],
      weights: Object.entries(weights).map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    },
  ]
  const bytes = Object.values(weights).map((tensor) => Buffer.from(new Uint8Array(tensor.dataSync().slice().buffer)))
  const artifacts = await readModelArtifacts(
    JSON.stringify({ format: 'layers-model', modelTopology: topology, weightsManifest }),
    { source: 'model.json', read: () => Promise.resolve(Buffer.concat(bytes)), ...(onWarning && { onWarning }) },
  )
  return tf.loadLayersModel(tf.io.fromMemory(artifacts))
}

const policy = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null }
const initializer = (name: string) => ({
  module: 'keras.initializers',
  class_name: name,
  config: name === 'GlorotUniform' ? { seed: null } : {},
  registered_name: null,
})

/** As `json.dumps(model.to_json())` of Keras 3 has it. */
const layer3 = (className: string, name: string, config: Json, inputs?: readonly string[]) => ({
  module: 'keras.layers',
  class_name: className,
  config: { name, trainable: true, dtype: policy, ...config },
  registered_name: null,
  build_config: { input_shape: [null, 4, 4, 2] },
  ...(inputs && { name, inbound_nodes: [callOf(inputs)] }),
})

const tensor3 = (name: string) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 4, 4, 2], dtype: 'float32', keras_history: [name, 0, 0] },
})
const callOf = (inputs: readonly string[]) => ({
  args: inputs.length === 1 ? [tensor3(inputs[0]!)] : [inputs.map(tensor3)],
  kwargs: { mask: null },
})

const input3 = (name: string, shape: (number | null)[]) => ({
  module: 'keras.layers',
  class_name: 'InputLayer',
  config: { batch_shape: [null, ...shape], dtype: 'float32', sparse: false, ragged: false, name },
  registered_name: null,
  name,
  inbound_nodes: [],
})

const convolution = {
  filters: 2,
  kernel_size: [3, 3],
  strides: [1, 1],
  padding: 'same',
  data_format: 'channels_last',
  dilation_rate: [1, 1],
  groups: 1,
  activation: 'silu',
  use_bias: true,
  kernel_initializer: initializer('GlorotUniform'),
  bias_initializer: initializer('Zeros'),
  kernel_regularizer: {
    module: 'keras.regularizers',
    class_name: 'L2',
    config: { l2: 0.01 },
    registered_name: null,
  },
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
}

const functional = {
  keras_version: '3.3.3',
  backend: 'tensorflow',
  model_config: {
    class_name: 'Functional',
    config: {
      name: 'own',
      trainable: true,
      layers: [
        input3('image', [4, 4, 2]),
        layer3('Conv2D', 'conv', convolution, ['image']),
        layer3('LeakyReLU', 'leaky', { negative_slope: 0.2 }, ['conv']),
        layer3('Add', 'sum', {}, ['leaky', 'image']),
        layer3('ReLU', 'slope', { negative_slope: 0.1, max_value: null, threshold: 0 }, ['sum']),
        layer3('Flatten', 'flat', { data_format: 'channels_last' }, ['slope']),
      ],
      input_layers: ['image', 0, 0],
      output_layers: ['flat', 0, 0],
    },
  },
}

describe('a file of Keras 3', () => {
  it('of a functional model is read: calls, policies, names and all', async () => {
    const [kernel, bias, x] = [random([3, 3, 2, 2], 1), random([2], 2), random([3, 4, 4, 2], 3) as tf.Tensor4D]
    const onWarning = vi.fn()
    const model = await load(functional, { 'own/conv/kernel': kernel, 'own/conv/bias': bias }, onWarning)
    const mixed = tf.add(tf.conv2d(x, kernel as tf.Tensor4D, 1, 'same'), bias)
    const sum = tf.add(tf.leakyRelu(tf.mul(mixed, tf.sigmoid(mixed)), 0.2), x)
    const expected = tf.reshape(tf.leakyRelu(sum, 0.1), [3, 32])
    expect(worst(model.predict(x) as tf.Tensor, expected)).toBeLessThan(1e-5)
    const converted = fromLayersModel(model)
    expect(worst(predict(converted, x), expected)).toBeLessThan(1e-5)
    expect(converted.notes).toEqual([expect.stringMatching(/'conv' had the kernelRegularizer L1L2 \{"l1":0,"l2":0.01/)])
    expect(onWarning).not.toHaveBeenCalled()
  })

  it('of a sequential model inside another is read', async () => {
    const dense = (name: string, units: number) => ({
      units,
      activation: 'linear',
      use_bias: false,
      name,
      kernel_initializer: initializer('GlorotUniform'),
    })
    const inner = {
      module: 'keras',
      class_name: 'Sequential',
      registered_name: 'Sequential',
      config: {
        name: 'inner',
        trainable: true,
        dtype: policy,
        layers: [input3('start', [3]), layer3('Dense', 'first', dense('first', 4))],
        build_input_shape: [null, 3],
      },
    }
    const topology = {
      keras_version: '3.4.1',
      backend: 'jax',
      model_config: {
        class_name: 'Sequential',
        config: { name: 'outer', layers: [input3('x', [3]), inner, layer3('Dense', 'second', dense('second', 2))] },
      },
    }
    const [first, second, x] = [random([3, 4], 1), random([4, 2], 2), random([5, 3], 3)]
    const weights = { 'outer/inner/first/kernel': first, 'outer/second/kernel': second }
    const model = await load(topology, weights)
    const expected = tf.matMul(tf.matMul(x, first), second)
    expect(worst(model.predict(x) as tf.Tensor, expected)).toBeLessThan(1e-5)
    expect(worst(predict(fromLayersModel(model), x), expected)).toBeLessThan(1e-5)
  })

  it('with its hard_sigmoid is refused: it is another function', async () => {
    const layers = [input3('x', [3]), layer3('Activation', 'hard', { activation: 'hard_sigmoid' })]
    const config = { name: 'm', layers }
    const model = (keras_version: string) => ({ keras_version, model_config: { class_name: 'Sequential', config } })
    await expect(load(model('3.0.0'), {})).rejects.toThrow(/hard_sigmoid of Keras 3 of layer "hard" \(Activation\)/)
    await expect(load(model('2.15.0'), {})).resolves.toBeDefined()
  })
})

const sequential2 = (layers: readonly Json[]) => ({
  keras_version: '2.15.0',
  model_config: { class_name: 'Sequential', config: { name: 'm', layers } },
})
const layer2 = (className: string, name: string, config: Json, input: readonly number[] = [2, 3, 4]) => ({
  class_name: className,
  config: { name, trainable: true, dtype: 'float32', batch_input_shape: [null, ...input], ...config },
})

describe('an entry of a file', () => {
  const depthwise = { kernel_size: [1, 1], strides: [1, 1], padding: 'valid', dilation_rate: [1, 1], use_bias: false }
  const conv = { filters: 4, ...depthwise, groups: 2 }

  it.each<[className: string, config: Json, message: RegExp]>([
    ['Conv2D', conv, /groups 2 of layer "it" \(Conv2D\), which it would pass over/],
    ['ReLU', { max_value: 6, negative_slope: 0.1, threshold: 0 }, /negative_slope 0.1 of layer "it" \(ReLU\)/],
    ['ReLU', { max_value: null, negative_slope: 0, threshold: 0.5 }, /threshold 0.5 of layer "it"/],
    ['GlobalAveragePooling2D', { keepdims: true }, /keepdims true of layer "it" \(GlobalAveragePooling2D\)/],
    ['GlobalMaxPooling2D', { keepdims: true }, /keepdims true/],
    ['BatchNormalization', { renorm: true }, /renorm true/],
    ['ELU', { alpha: 0.5 }, /layer "it" \(ELU\): Non-default alpha value \(0.5\)/],
    ['Activation', { activation: 'leaky_relu' }, /layer "it" \(Activation\): Unknown activation: leakyRelu/i],
    ['Dense', { units: 2, quantization_config: { bits: 4 } }, /quantization_config/],
  ])('that TensorFlow.js passes over is refused: %s %o', async (className, config, message) => {
    await expect(load(sequential2([layer2(className, 'it', config)]), {})).rejects.toThrow(message)
  })

  it.each<[className: string, config: Json]>([
    ['ReLU', { max_value: null, negative_slope: 0, threshold: 0 }],
    ['ReLU', { max_value: 6, negative_slope: 0.0, threshold: 0.0 }],
    ['GlobalAveragePooling2D', { keepdims: false, data_format: 'channels_last' }],
    ['ZeroPadding2D', { padding: [[1, 1], [0, 2]], data_format: 'channels_last' }], // prettier-ignore
    ['MaxPooling2D', { pool_size: [2, 2], padding: 'valid', strides: [2, 2], data_format: 'channels_last' }],
    ['Dropout', { rate: 0.5, noise_shape: null, seed: null }],
    ['Softmax', { axis: -1 }],
  ])('at its default is read without a word: %s %o', async (className, config) => {
    const onWarning = vi.fn()
    await load(sequential2([layer2(className, 'it', config)]), {}, onWarning)
    expect(onWarning).not.toHaveBeenCalled()
  })

  it('about training alone is read with a warning', async () => {
    const onWarning = vi.fn()
    const l2 = { class_name: 'L2', config: { l2: 0.1 } }
    const config = { ...depthwise, kernel_regularizer: l2, kernel_initializer: initializer('GlorotUniform') }
    const layer = layer2('DepthwiseConv2D', 'it', config)
    await load(sequential2([layer]), { 'it/depthwise_kernel': tf.ones([1, 1, 4, 1]) }, onWarning)
    expect(onWarning.mock.calls).toEqual([
      [expect.stringMatching(/^model.json: kernel_regularizer .* of layer "it" \(DepthwiseConv2D\) is not taken over/)],
    ])
  })

  it('that nests deeper than any model is refused', async () => {
    const text = `{"modelTopology":${'{"a":'.repeat(20000)}1${'}'.repeat(20000)}}`
    const read = () => Promise.resolve(new Uint8Array())
    await expect(readModelArtifacts(text, { source: 'm', read })).rejects.toThrow(
      /m: expected JSON, found more than 200 objects and lists in one another/,
    )
  })
})

describe("Keras' Normalization", () => {
  const x = () => random([5, 2, 3, 4], 7)
  const [mean, variance] = [
    [1, -2, 0.5, 0],
    [4, 0.25, 1, 9],
  ]
  const expected = (given: tf.Tensor) => tf.div(tf.sub(given, mean), tf.sqrt(tf.tensor1d(variance)))

  it('with moments that were adapted to data is read, and never moves', async () => {
    const layer = layer2('Normalization', 'norm', { axis: [-1], mean: null, variance: null, invert: false })
    const weights = {
      'norm/mean': tf.tensor1d(mean),
      'norm/variance': tf.tensor1d(variance),
      'norm/count': tf.scalar(10, 'int32'),
    }
    const model = await load(sequential2([layer, layer2('Flatten', 'flat', {})]), weights)
    const wanted = tf.reshape(expected(x()), [5, -1])
    expect(worst(model.predict(x()) as tf.Tensor, wanted)).toBeLessThan(1e-5)
    const { network, parameters, statistics } = fromLayersModel(model)
    expect(worst(predict({ network, parameters, statistics }, x()), wanted)).toBeLessThan(1e-5)
    expect(network.nodes[0]).toMatchObject({ op: 'batchNorm', mode: 'evaluation', trainable: false })
  })

  it.each([
    ['one for each channel', { mean, variance }, expected],
    ['one for all', { mean: 2, variance: 4 }, (given: tf.Tensor) => tf.div(tf.sub(given, 2), 2)],
    ['inverted', { mean: 2, variance: 4, invert: true }, (given: tf.Tensor) => tf.add(tf.mul(given, 2), 2)],
    ['in axes of one', { mean: [[[[...mean]]]], variance: [[[[...variance]]]] }, expected],
  ] as const)('with constants is read: %s', async (_, moments, f) => {
    const layer = layer2('Normalization', 'norm', { axis: -1, invert: false, ...moments })
    const model = await load(sequential2([layer, layer2('Flatten', 'flat', {})]), {})
    const wanted = tf.reshape(f(x()), [5, -1])
    expect(worst(model.predict(x()) as tf.Tensor, wanted)).toBeLessThan(1e-5)
    expect(worst(predict(fromLayersModel(model), x()), wanted)).toBeLessThan(1e-5)
  })

  it('over another axis is refused', async () => {
    const layer = layer2('Normalization', 'norm', { axis: 1, mean: [1, 2], variance: [1, 2], invert: false })
    await expect(load(sequential2([layer]), {}).then((model) => fromLayersModel(model))).rejects.toThrow(/axis \[1\]/)
  })
})
