import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  add,
  apply,
  average,
  averagePool,
  batchNorm,
  channelShuffle,
  concat,
  conv2d,
  defineOp,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gelu,
  globalAveragePool,
  graph,
  hardSwish,
  initializeParameters,
  layerNorm,
  maxPool,
  meanToken,
  multiply,
  predict,
  randomStream,
  registerOp,
  relu,
  relu6,
  scale,
  sizeOf,
  stochasticDepth,
  swapTokens,
  toMap,
  toTokens,
  zeroPadding2d,
} from '@gpdjs/core'
import { sampleTensors } from '../testing/sample-tensors.ts'
import { fromLayersModel } from './from-layers-model.ts'
import { toLayersModel } from './to-layers-model.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const images = (shape: readonly number[], seed = 1): tf.Tensor4D => {
  const stream = randomStream(seed)
  return tf.reshape<tf.Rank.R4>(
    Float32Array.from({ length: 3 * sizeOf(shape) }, () => stream.normal()),
    [3, ...shape] as [number, number, number, number],
  )
}

const worst = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

/** Fresh weights are ones and zeros in places where a mistake would not show. */
function shake(model: tf.LayersModel): void {
  const stream = randomStream(9)
  const noisy = ({ shape, size }: tf.Tensor) =>
    tf.tensor(
      Float32Array.from({ length: size }, () => 0.3 + 0.2 * Math.abs(stream.normal())),
      shape,
    )
  for (const layer of model.layers) if (layer.weights.length > 0) layer.setWeights(layer.getWeights().map(noisy))
}

function functionalModel(softmax = true): tf.LayersModel {
  const input = tf.input({ shape: [9, 8, 3], name: 'pixels' })
  const stem = tf.layers
    .conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', name: 'stem' })
    .apply(input) as tf.SymbolicTensor
  const normal = tf.layers
    .batchNormalization({ name: 'normal', momentum: 0.97, epsilon: 2e-3 })
    .apply(stem) as tf.SymbolicTensor
  const a = tf.layers
    .depthwiseConv2d({ kernelSize: 3, padding: 'same', name: 'spatial' })
    .apply(normal) as tf.SymbolicTensor
  const b = tf.layers
    .separableConv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'separable', activation: 'relu6' as 'relu' })
    .apply(normal) as tf.SymbolicTensor
  const sum = tf.layers.add().apply([a, b]) as tf.SymbolicTensor
  const product = tf.layers.multiply().apply([sum, normal]) as tf.SymbolicTensor
  const both = tf.layers
    .concatenate()
    .apply([product, tf.layers.reLU({ maxValue: 6 }).apply(sum) as tf.SymbolicTensor]) as tf.SymbolicTensor
  const padded = tf.layers
    .zeroPadding2d({
      padding: [
        [0, 1],
        [2, 1],
      ],
    })
    .apply(both) as tf.SymbolicTensor
  const small = tf.layers.maxPooling2d({ poolSize: 2, padding: 'same' }).apply(padded) as tf.SymbolicTensor
  const smaller = tf.layers
    .averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' })
    .apply(small) as tf.SymbolicTensor
  const layerNormal = tf.layers.layerNormalization({ scale: false }).apply(smaller) as tf.SymbolicTensor
  const active = tf.layers.activation({ activation: 'gelu' as 'relu' }).apply(layerNormal) as tf.SymbolicTensor
  const tokens = tf.layers.reshape({ targetShape: [12, 8] }).apply(active) as tf.SymbolicTensor
  const flat = tf.layers.flatten().apply(tokens) as tf.SymbolicTensor
  const kept = tf.layers.dropout({ rate: 0.4 }).apply(flat) as tf.SymbolicTensor
  const output = tf.layers
    .dense({ units: 5, name: 'logits', ...(softmax && { activation: 'softmax' as const }) })
    .apply(kept) as tf.SymbolicTensor
  const model = tf.model({ inputs: input, outputs: output, name: 'own' })
  shake(model)
  return model
}

describe('fromLayersModel', () => {
  it('computes what a functional model with every supported kind of layer computes', () => {
    const model = functionalModel(false)
    const { network, parameters, statistics } = fromLayersModel(model)
    const x = images([9, 8, 3])
    expect(worst(predict({ network, parameters, statistics }, x), model.predict(x) as tf.Tensor)).toBeLessThan(1e-5)
    expect(network.name).toBe('own')
    expect(network.parameters.map(({ name }) => name)).toContain('separable/pointwise.weight')
  })

  it('leaves out a softmax at the very end, with a note', () => {
    const model = functionalModel(true)
    const { network, parameters, statistics, notes } = fromLayersModel(model)
    const x = images([9, 8, 3])
    const probabilities = tf.softmax(predict({ network, parameters, statistics }, x))
    expect(worst(probabilities, model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
    expect(notes.filter((note) => note.includes('softmax'))).toEqual([
      "The softmax of 'logits' is left out: the network gives logits.",
    ])
  })

  it('keeps epsilon, momentum and moving statistics of batch normalization', () => {
    const model = functionalModel()
    const { network, parameters, statistics } = fromLayersModel(model)
    expect(network.nodes.find(({ id }) => id === 'normal')!.attributes).toEqual({ epsilon: 2e-3, momentum: 0.97 })
    const [gamma, beta, mean, variance] = model.getLayer('normal').getWeights()
    expect(parameters['normal.weight']!.dataSync()).toEqual(gamma!.dataSync())
    expect(parameters['normal.bias']!.dataSync()).toEqual(beta!.dataSync())
    expect(statistics['normal.running_mean']!.dataSync()).toEqual(mean!.dataSync())
    expect(statistics['normal.running_var']!.dataSync()).toEqual(variance!.dataSync())
  })

  it('reads sequential models, models inside models and a softmax layer at the end', () => {
    const features = tf.sequential({
      layers: [tf.layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3 }), tf.layers.reLU()],
    })
    const model = tf.sequential({
      layers: [features, tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 4 }), tf.layers.softmax()],
    })
    shake(features)
    const { network, parameters, statistics } = fromLayersModel(model, { taps: { features: features.layers[1]!.name } })
    const x = images([6, 6, 2])
    const { outputs, taps } = apply({ network, parameters, statistics }, x, { training: false, taps: ['features'] })
    expect(worst(tf.softmax(outputs['logits']!), model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
    expect(worst(taps['features']!, features.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
  })

  it('distinguishes the places in which a model inside a model is applied', () => {
    const rectifier = tf.sequential({ layers: [tf.layers.reLU({ inputShape: [4] })] })
    const input = tf.input({ shape: [4] })
    const hidden = tf.layers.dense({ units: 4, name: 'hidden' }).apply(rectifier.apply(input)) as tf.SymbolicTensor
    const model = tf.model({ inputs: input, outputs: rectifier.apply(hidden) as tf.SymbolicTensor })
    const { network, parameters, statistics } = fromLayersModel(model)
    expect(network.nodes.map(({ op }) => op)).toEqual(['relu', 'dense', 'relu'])
    const x = tf.randomNormal([3, 4], 0, 1, 'float32', 2)
    const logits = predict({ network, parameters, statistics }, x)
    expect(worst(logits, model.predict(x) as tf.Tensor)).toBeLessThan(1e-6)
    const linear = tf.sequential({
      name: 'inner',
      layers: [tf.layers.dense({ inputShape: [4], units: 4, name: 'shared' })],
    })
    const twice = tf.model({ inputs: input, outputs: linear.apply(linear.apply(input)) as tf.SymbolicTensor })
    expect(() => fromLayersModel(twice)).toThrow(/'shared' \(Dense\) is applied more than once/)
  })

  it('copies: the model may be disposed, and its weights are not touched by the copy', () => {
    const model = functionalModel()
    const before = tf.memory().numTensors
    const { network, parameters, statistics } = fromLayersModel(model)
    expect(tf.memory().numTensors - before).toBe(network.parameters.length + network.statistics.length)
    model.dispose()
    expect(Number.isFinite(parameters['stem.weight']!.dataSync()[0])).toBe(true)
    tf.dispose([parameters, statistics])
  })

  it('names a layer it cannot convert by position, name and class, and frees what it has copied', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3 }),
        tf.layers.cropping2D({
          name: 'cut',
          cropping: [
            [0, 1],
            [0, 1],
          ],
        }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    })
    const before = tf.memory().numTensors
    expect(() => fromLayersModel(model)).toThrow(
      /layer 1 'cut' \(Cropping2D\) has no counterpart.*Supported: Activation, Add/,
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each([
    ['channels first', tf.layers.conv2d, { filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' }, /channels first/],
  ] as const)('refuses %s', (_, layer, options, message) => {
    const convolution = (layer as (options: object) => tf.layers.Layer)({ inputShape: [7, 7, 3], ...options })
    const model = tf.sequential({ layers: [convolution, tf.layers.flatten(), tf.layers.dense({ units: 2 })] })
    expect(() => fromLayersModel(model)).toThrow(message)
  })

  it('needs the name of the output that gives the logits, if there are several', () => {
    const input = tf.input({ shape: [4] })
    const [a, b] = ['first', 'second'].map(
      (name, i) => tf.layers.dense({ units: 2 + i, name }).apply(input) as tf.SymbolicTensor,
    )
    const model = tf.model({ inputs: input, outputs: [a!, b!] })
    expect(() => fromLayersModel(model)).toThrow(/2 outputs: first, second/)
    expect(fromLayersModel(model, { output: 'second' }).network.shapes['second']).toEqual([3])
    expect(() => fromLayersModel(model, { output: 'secnd' })).toThrow(/no output 'secnd'.*second/)
  })

  it('refuses shared weights, several inputs and open image sizes', () => {
    const shared = tf.layers.dense({ units: 4, name: 'shared' })
    const input = tf.input({ shape: [4] })
    const twice = tf.model({ inputs: input, outputs: shared.apply(shared.apply(input)) as tf.SymbolicTensor })
    expect(() => fromLayersModel(twice)).toThrow(/'shared' \(Dense\) is applied more than once/)
    const other = tf.input({ shape: [4] })
    const two = tf.model({
      inputs: [input, other],
      outputs: tf.layers.add().apply([input, other]) as tf.SymbolicTensor,
    })
    expect(() => fromLayersModel(two)).toThrow(/has 2 inputs/)
    const open = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [null, null, 3], filters: 2, kernelSize: 3 }),
        tf.layers.globalAveragePooling2d({}),
      ],
    })
    expect(() => fromLayersModel(open)).toThrow(/Only the batch may be open/)
  })
})

/** Every op that has a layer, with paddings that Keras has no word for. */
function everyOp() {
  const g = graph({ name: 'every', inputShape: [8, 8, 3] })
  const x = g.add('stem', conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 1, useBias: true }), 'image')
  const normal = g.add('normal', batchNorm({ epsilon: 1e-4, momentum: 0.8 }), x)
  const active = g.add('active', relu(), normal)
  const pooled = g.add('pool', maxPool({ kernelSize: 3, strides: 1, padding: 1 }), active)
  const a = g.add('a', depthwiseConv2d({ kernelSize: 5, padding: 2, useBias: true }), pooled)
  const b = g.add('b', conv2d({ filters: 4, kernelSize: 3, groups: 2, useBias: true }), pooled)
  const mixed = g.add(
    'mixed',
    channelShuffle(),
    g.add('a6', relu6(), a),
    g.add('bg', gelu(), g.add('bh', hardSwish(), g.add('bs', scale(), b))),
  )
  const sum = g.add('sum', add(), mixed, g.add('both', concat(), a, b))
  const product = g.add('product', multiply(), sum, g.add('mean', average(), mixed, sum))
  const small = g.add(
    'small',
    averagePool({ kernelSize: 2 }),
    g.add('zero', zeroPadding2d({ rows: [0, 2], columns: [1, 1] }), product),
  )
  const tokens = g.add('swap', swapTokens(), g.add('layerNorm', layerNorm(), g.add('tokens', toTokens(), small)))
  const mixedTokens = g.add('mix', swapTokens(), g.add('mixTokens', dense({ units: 9 }), tokens))
  const map = g.add('map', toMap({ height: 3, width: 3 }), g.add('deep', stochasticDepth({ rate: 0.1 }), mixedTokens))
  const parts = [
    g.add('flat', flatten(), map),
    g.add('global', globalAveragePool(), map),
    g.add('token', meanToken(), mixedTokens),
  ]
  return g.build(
    g.add('logits', dense({ units: 5 }), g.add('drop', dropout({ rate: 0.2 }), g.add('all', concat(), ...parts))),
  )
}

describe('toLayersModel', () => {
  it('predicts what the network computes, for every op that has a layer', () => {
    const network = everyOp()
    const { parameters, statistics } = sampleTensors(network)
    const x = images([8, 8, 3])
    const before = tf.memory().numTensors
    const model = toLayersModel({ network, parameters, statistics })
    const expected = predict({ network, parameters, statistics }, x)
    expect(worst(expected, model.predict(x) as tf.Tensor)).toBeLessThan(1e-5)
    expect(before).toBeGreaterThan(0)
  })

  it('writes the padded maximum of ResNet stems and hardSwish over its whole range', () => {
    const g = graph({ name: 'n', inputShape: [8, 8, 1] })
    const swish = g.add('swish', hardSwish(), 'image')
    const pooled = g.add('pool', maxPool({ kernelSize: 3, strides: 2, padding: 1 }), g.add('relu', relu(), 'image'))
    const network = g.build(g.add('all', concat(), g.add('a', flatten(), swish), g.add('b', flatten(), pooled)))
    const model = toLayersModel({ network, parameters: {}, statistics: {} })
    const pixels = Array.from({ length: 64 }, (_, i) => -5 + (10 * i) / 63)
    const found = Array.from((model.predict(tf.tensor(pixels, [1, 8, 8, 1])) as tf.Tensor).dataSync())
    // Values grow along rows and from row to row, so the last pixel of a window is its largest.
    const windows = [0, 1, 2, 3].flatMap((y) =>
      [0, 1, 2, 3].map((x) => Math.max(0, pixels[8 * (2 * y + 1) + 2 * x + 1]!)),
    )
    const expected = [...pixels.map((x) => (x * Math.min(6, Math.max(0, x + 3))) / 6), ...windows]
    expect(Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)))).toBeLessThan(1e-5)
  })

  it('survives saving and loading by TensorFlow.js alone', async () => {
    const network = everyOp()
    const { parameters, statistics } = sampleTensors(network)
    const saved: tf.io.ModelArtifacts[] = []
    const keep = tf.io.withSaveHandler(async (artifacts) => {
      saved.push(artifacts)
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    })
    await toLayersModel({ network, parameters, statistics }).save(keep)
    // As it would come from a file: text and bytes.
    const artifacts = { ...saved[0]!, modelTopology: JSON.parse(JSON.stringify(saved[0]!.modelTopology)) as object }
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
    const x = images([8, 8, 3])
    expect(worst(predict({ network, parameters, statistics }, x), loaded.predict(x) as tf.Tensor)).toBeLessThan(1e-5)
    const back = fromLayersModel(functionalModel(false))
    const again = fromLayersModel(toLayersModel(back))
    expect(again.network.nodes).toEqual(back.network.nodes)
  })

  it('copies and, once disposed, leaves nothing behind', () => {
    const network = everyOp()
    const tensors = sampleTensors(network)
    const before = tf.memory().numTensors
    toLayersModel({ network, parameters: tensors.parameters, statistics: tensors.statistics }).dispose()
    expect(tf.memory().numTensors).toBe(before)
    expect(tensors.parameters['stem.weight']!.isDisposed).toBe(false)
  })

  it('names nodes that no layer can express', () => {
    const build = (op: ReturnType<typeof relu>) => {
      const g = graph({ name: 'n', inputShape: [8, 8, 4] })
      return g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), g.add('odd', op, 'image'))))
    }
    const write = (op: ReturnType<typeof relu>) => {
      const network = build(op)
      return toLayersModel({ network, parameters: initializeParameters(network.parameters, 1), statistics: {} })
    }
    const cube = defineOp({
      name: 'cubeOfLayers',
      infer: ({ inputs }) => inputs[0]!,
      apply: ({ inputs }) => tf.pow(inputs[0]!, 3),
    })
    registerOp(cube)
    expect(() => write(cube())).toThrow(
      /node 'odd' \(cubeOfLayers\) has no counterpart among the layers.*ONNX \(toOnnx.*safetensors \(saveNetwork\)/,
    )
    expect(() => write(averagePool({ kernelSize: 4, strides: 2, padding: 2 }))).toThrow(
      /'odd' \(averagePool\) pads 2.*Use padding 'same' or 'valid'.*ONNX.*safetensors/,
    )
    const pool = build(averagePool({ kernelSize: 3, strides: 2, padding: 1 }))
    const late = {
      ...pool,
      nodes: [{ id: 'early', ...conv2d({ filters: 3, kernelSize: 1 }), inputs: ['image'] }, ...pool.nodes],
    }
    const earlyKernel = { ...initializeParameters(pool.parameters, 1), 'early.weight': tf.ones([1, 1, 4, 3]) }
    const before = tf.memory().numTensors
    expect(() =>
      toLayersModel({
        network: { ...late, shapes: { ...pool.shapes, early: [8, 8, 3] } },
        parameters: earlyKernel,
        statistics: {},
      }),
    ).toThrow(/'odd'/)
    expect(tf.memory().numTensors).toBe(before)
    expect(() => toLayersModel({ network: build(relu()), parameters: {}, statistics: {} })).toThrow(
      /no tensor for 'fc.weight'/,
    )
  })
})
