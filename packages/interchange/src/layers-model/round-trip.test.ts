import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  adaptiveAveragePool,
  add,
  averagePool,
  channelShuffle,
  channelSplit,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  gelu,
  globalAveragePool,
  globalMaxPool,
  graph,
  hardSwish,
  layerNorm,
  maxPool,
  meanToken,
  multiply,
  positionEmbedding,
  predict,
  prelu,
  prependTokens,
  randomStream,
  rescale,
  resizeNearest,
  scale,
  selfAttention,
  sigmoid,
  sizeOf,
  softmax,
  takeToken,
  toMap,
  toTokens,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { sampleTensors } from '../testing/sample-tensors.ts'
import { fromLayersModel } from './from-layers-model.ts'
import { toLayersModel } from './to-layers-model.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const worst = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!

const random = (shape: readonly number[], seed: number): tf.Tensor4D => {
  const stream = randomStream(seed, 'round trip')
  const values = Float32Array.from({ length: 2 * sizeOf(shape) }, () => stream.normal())
  return tf.reshape<tf.Rank.R4>(values, [2, ...shape] as [number, number, number, number])
}

/** A model as it comes back from a file: text and bytes, read by TensorFlow.js alone. */
async function saved(model: tf.LayersModel): Promise<tf.LayersModel> {
  const kept: tf.io.ModelArtifacts[] = []
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      kept.push(artifacts)
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  const topology = JSON.parse(JSON.stringify(kept[0]!.modelTopology)) as object
  return tf.loadLayersModel(tf.io.fromMemory({ ...kept[0]!, modelTopology: topology }))
}

function build(inputShape: readonly number[], place: (g: Graph) => string): Network {
  const g = graph({ name: 'net', inputShape })
  return g.build(g.add('fc', dense({ units: 4 }), place(g)))
}

/** What Keras has no layer of its own for. */
const networks: Readonly<Record<string, () => Network>> = {
  'a transformer with a class token and two heads': () =>
    build([8, 8, 3], (g) => {
      const patch = conv2d({ filters: 8, kernelSize: 4, strides: 4, padding: 'valid', useBias: true })
      const patches = g.add('tokens', toTokens(), g.add('patch', patch, 'image'))
      const x = g.add('position', positionEmbedding(), g.add('class', prependTokens({ count: 2 }), patches))
      const qkv = g.add('qkv', dense({ units: 24 }), g.add('norm', layerNorm(), x))
      const attended = g.add('proj', dense({ units: 8 }), g.add('attend', selfAttention({ heads: 2 }), qkv))
      const sum = g.add('sum', add(), x, g.add('scaled', scale(), attended))
      return g.add('take', takeToken({ index: 1 }), g.add('swish', hardSwish(), g.add('gelu', gelu(), sum)))
    }),
  'attention of a widened network': () =>
    build([4, 6, 12], (g) => {
      const qkv = g.add('qkv', dense({ units: 24 }), g.add('tokens', toTokens(), 'image'))
      return g.add('mean', meanToken(), g.add('attend', selfAttention({ heads: 1, copies: 2 }), qkv))
    }),
  'attention with one head': () =>
    build([4, 6, 12], (g) => {
      const attended = g.add('attend', selfAttention({ heads: 1 }), g.add('tokens', toTokens(), 'image'))
      return g.add('mean', meanToken(), attended)
    }),
  'shuffled halves of channels': () =>
    build([4, 5, 6], (g) => {
      const part = (index: number, copies: number) =>
        g.add(`part${index}${copies}`, channelSplit({ index, copies }), 'image')
      const shuffled = g.add('shuffle', channelShuffle(), part(0, 1), part(1, 1))
      const copies = g.add('copies', channelShuffle(), part(0, 3), part(1, 3))
      return g.add('flat', flatten(), g.add('sum', add(), shuffled, copies))
    }),
  'a padded maximum of negative numbers': () =>
    build([8, 7, 3], (g) => {
      const pooled = g.add('pool', maxPool({ kernelSize: 3, strides: 2, padding: 1 }), 'image')
      return g.add('flat', flatten(), g.add('wide', maxPool({ kernelSize: 4, strides: 1, padding: 2 }), pooled))
    }),
  'pooling to a size': () =>
    build([7, 5, 3], (g) => {
      const fewer = g.add('fewer', adaptiveAveragePool({ height: 3, width: 4 }), 'image')
      return g.add('flat', flatten(), g.add('more', adaptiveAveragePool({ height: 5, width: 7 }), fewer))
    }),
  'constants for each channel of maps, tokens and vectors, and probabilities': () =>
    build([4, 3, 3], (g) => {
      const map = g.add('map', rescale({ factor: [2, -1, 0.5], shift: [0, 0, 0] }), 'image')
      const tokens = g.add('tokens', toTokens(), g.add('shares', softmax(), map))
      const each = g.add('each', rescale({ factor: [1.5, 1.5, 1.5], shift: [0.1, 0.2, -3] }), tokens)
      return g.add('vector', rescale({ factor: [1, 3, 1], shift: [1, 1, 1] }), g.add('mean', meanToken(), each))
    }),
  'windows that are no squares, and learned slopes': () =>
    build([7, 9, 3], (g) => {
      const wide = conv2d({ filters: 6, kernelSize: [3, 1], strides: [1, 2], padding: 'same', useBias: true })
      const x = g.add('wide', wide, 'image')
      const tall = g.add('tall', maxPool({ kernelSize: [1, 3], strides: [2, 1], padding: 'same' }), x)
      const mean = g.add('mean', averagePool({ kernelSize: [2, 1], strides: [1, 2] }), tall)
      const slopes = g.add('slopes', prelu(), mean)
      const spatial = depthwiseConv2d({ kernelSize: [2, 3], strides: [1, 2], padding: 'same' })
      const each = g.add('each', prelu({ perPosition: true }), g.add('spatial', spatial, slopes))
      return g.add('flat', flatten(), each)
    }),
  'dilated windows': () =>
    build([9, 11, 3], (g) => {
      const far = conv2d({ filters: 6, kernelSize: 3, dilation: [2, 1], padding: 'same', useBias: true })
      const x = g.add('far', far, 'image')
      const apart = g.add('apart', depthwiseConv2d({ kernelSize: [3, 2], dilation: [1, 3], padding: 1 }), x)
      const both = g.add(
        'both',
        conv2d({ filters: 4, kernelSize: 2, strides: 2, dilation: 2, padding: 'valid' }),
        apart,
      )
      const blocks = g.add('blocks', conv2d({ filters: 4, kernelSize: 3, groups: 2, dilation: [2, 1] }), both)
      return g.add('largest', globalMaxPool(), blocks)
    }),
  'squeeze and excitation': () =>
    build([5, 4, 3], (g) => {
      const x = g.add('conv', conv2d({ filters: 6, kernelSize: 3, useBias: true }), 'image')
      const squeezed = g.add('map', toMap({ height: 1, width: 1 }), g.add('squeeze', globalAveragePool(), x))
      const few = g.add('slope', prelu(), g.add('few', conv2d({ filters: 2, kernelSize: 1, useBias: true }), squeezed))
      const rates = g.add('rates', sigmoid(), g.add('many', conv2d({ filters: 6, kernelSize: 1, useBias: true }), few))
      const excited = g.add('excite', multiply(), rates, x)
      return g.add('flat', flatten(), g.add('sum', add(), excited, rates))
    }),
  'copies of rows and columns': () =>
    build([2, 3, 4], (g) => g.add('flat', flatten(), g.add('copies', resizeNearest({ height: 6, width: 3 }), 'image'))),
  'convolutions with one channel in each group': () =>
    build([7, 5, 3], (g) => {
      const several = conv2d({ filters: 9, kernelSize: 3, strides: 2, padding: 1, groups: 3, useBias: true })
      return g.add('mean', globalAveragePool(), g.add('several', several, 'image'))
    }),
}

describe('toLayersModel', () => {
  it.each(Object.entries(networks))('writes %s as layers that TensorFlow.js has', async (_, make) => {
    const network = make()
    const { parameters, statistics } = sampleTensors(network)
    const x = random(network.shapes['image']!, 3)
    const model = toLayersModel({ network, parameters, statistics })
    const expected = predict({ network, parameters, statistics }, x)
    expect(Math.max(...expected.dataSync().map(Math.abs))).toBeGreaterThan(0.1)
    expect(worst(model.predict(x) as tf.Tensor, expected)).toBeLessThan(1e-5)
    expect(worst((await saved(model)).predict(x) as tf.Tensor, expected)).toBeLessThan(1e-5)
    const before = tf.memory().numTensors
    toLayersModel({ network, parameters, statistics }).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('fromLayersModel of what toLayersModel wrote', () => {
  it('has the same constants for each channel, from its file too', async () => {
    const constants = { factor: [4.3, 4.5, -0.1], shift: [-2.1, 0.3, 0] }
    const network = build([2, 2, 3], (g) => g.add('flat', flatten(), g.add('line', rescale(constants), 'image')))
    const model = toLayersModel({ network, ...sampleTensors(network) })
    for (const written of [model, await saved(model)]) {
      const { nodes } = fromLayersModel(written).network
      expect(nodes[0]).toEqual({ id: 'line', op: 'rescale', attributes: constants, inputs: ['image'] })
    }
  })

  it('reads one number of Keras for every channel, and refuses other lists by the name of the layer', () => {
    const model = (scale: unknown) =>
      tf.sequential({
        layers: [
          tf.layers.rescaling({ name: 'pixels', inputShape: [2, 2, 3], scale: scale as number, offset: -1 }),
          tf.layers.flatten(),
        ],
      })
    expect(fromLayersModel(model(1 / 127.5)).network.nodes[0]!.attributes).toEqual({
      factor: [1 / 127.5, 1 / 127.5, 1 / 127.5],
      shift: [-1, -1, -1],
    })
    expect(() => fromLayersModel(model([1, 2]))).toThrow(/'pixels' \(Rescaling\) has scale \[1,2\]. .* one for each/)
  })
})

type Step = (x: tf.SymbolicTensor, side: SymbolicSide) => tf.SymbolicTensor
interface SymbolicSide {
  readonly filters: number
  readonly activation: 'relu' | 'tanh' | 'elu' | 'linear'
}

const run = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) => layer.apply(x) as tf.SymbolicTensor

/** Steps that any map can take. */
const steps: Readonly<Record<string, Step>> = {
  conv: (x, { filters, activation }) =>
    run(tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation }), x),
  strided: (x, { filters }) => run(tf.layers.conv2d({ filters, kernelSize: 2, strides: 2, padding: 'same' }), x),
  narrow: (x, { filters, activation }) =>
    run(tf.layers.conv2d({ filters, kernelSize: [1, 3], strides: [2, 1], padding: 'same', activation }), x),
  dilated: (x, { filters }) =>
    run(tf.layers.conv2d({ filters, kernelSize: [2, 3], dilationRate: [3, 2], padding: 'same' }), x),
  depthwise: (x, { activation }) => run(tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation }), x),
  multiplied: (x, { filters }) =>
    run(tf.layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: (filters % 3) + 1, padding: 'same' }), x),
  separable: (x, { filters, activation }) =>
    run(
      tf.layers.separableConv2d({
        filters,
        kernelSize: 3,
        padding: 'same',
        depthMultiplier: (filters % 2) + 1,
        activation,
      }),
      x,
    ),
  batchNorm: (x) => run(tf.layers.batchNormalization({}), x),
  layerNorm: (x) => run(tf.layers.layerNormalization({}), x),
  activation: (x, { activation }) => run(tf.layers.activation({ activation }), x),
  slopes: (x) => run(tf.layers.prelu({ sharedAxes: [1, 2] }), x),
  ownSlopes: (x) => run(tf.layers.prelu(), x),
  leaky: (x) => run(tf.layers.leakyReLU(), x),
  rescale: (x, { filters }) => run(tf.layers.rescaling({ scale: 1 / filters, offset: filters - 2 }), x),
  pad: (x) => run(tf.layers.zeroPadding2d({ padding: 1 }), x),
  max: (x) => run(tf.layers.maxPooling2d({ poolSize: 2, padding: 'same' }), x),
  wideMax: (x) => run(tf.layers.maxPooling2d({ poolSize: [1, 2], strides: [2, 1], padding: 'same' }), x),
  copies: (x) => run(tf.layers.upSampling2d({ size: [1, 2] }), x),
  average: (x) => run(tf.layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }), x),
  dense: (x, { filters, activation }) => run(tf.layers.dense({ units: filters, activation }), x),
  dropout: (x) => run(tf.layers.dropout({ rate: 0.3 }), x),
  residual: (x, { activation }) => {
    const filters = x.shape.at(-1)!
    const branch = run(tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation }), x)
    return run(tf.layers.add(), [x, branch])
  },
  dense2: (x, { filters }) => run(tf.layers.concatenate(), [x, run(tf.layers.conv2d({ filters, kernelSize: 1 }), x)]),
  product: (x) => run(tf.layers.multiply(), [x, run(tf.layers.activation({ activation: 'sigmoid' }), x)]),
  excited: (x, { filters }) => {
    const channels = x.shape.at(-1)!
    const squeezed = run(tf.layers.globalAveragePooling2d({}), x)
    const map = run(tf.layers.reshape({ targetShape: [1, 1, channels] }), squeezed)
    const few = run(tf.layers.conv2d({ filters, kernelSize: 1, activation: 'relu' }), map)
    return run(tf.layers.multiply(), [x, run(tf.layers.dense({ units: channels, activation: 'sigmoid' }), few)])
  },
  shifted: (x) => run(tf.layers.add(), [x, run(tf.layers.globalMaxPooling2d({}), x)]),
  weighed: (x) => run(tf.layers.multiply(), [run(tf.layers.conv2d({ filters: 1, kernelSize: 1 }), x), x]),
  tokens: (x) => {
    const [height, width, channels] = x.shape.slice(1) as [number, number, number]
    const tokens = run(tf.layers.reshape({ targetShape: [height * width, channels] }), x)
    return run(tf.layers.reshape({ targetShape: [height, width, channels] }), tokens)
  },
}

const heads: Readonly<Record<string, (x: tf.SymbolicTensor) => tf.SymbolicTensor>> = {
  flat: (x) => run(tf.layers.dense({ units: 3 }), run(tf.layers.flatten(), x)),
  mean: (x) => run(tf.layers.dense({ units: 3 }), run(tf.layers.globalAveragePooling2d({}), x)),
  largest: (x) => run(tf.layers.dense({ units: 3 }), run(tf.layers.globalMaxPooling2d({}), x)),
}

/** Draws every weight anew, so that nothing is at its default; what a variance is stays positive. */
function shake(model: tf.LayersModel, seed: number): void {
  const stream = randomStream(seed, 'shake')
  for (const { weights } of model.layers)
    for (const weight of weights) {
      const positive = weight.originalName.endsWith('moving_variance')
      const draw = () => (positive ? 0.5 + Math.abs(stream.normal()) : 0.4 * stream.normal() + 0.1)
      const shape = weight.shape as number[]
      weight.write(tf.tensor(Float32Array.from({ length: sizeOf(shape) }, draw), shape))
    }
}

describe('random models of tf.layers', () => {
  const step = fc.record({
    kind: fc.constantFrom(...Object.keys(steps)),
    filters: fc.integer({ min: 1, max: 5 }),
    activation: fc.constantFrom('relu', 'tanh', 'elu', 'linear'),
  })
  const model = fc.record({
    body: fc.array(step, { minLength: 1, maxLength: 6 }),
    head: fc.constantFrom(...Object.keys(heads)),
    seed: fc.nat(1000),
    side: fc.integer({ min: 3, max: 7 }),
  })

  it('compute the same as networks, and the same when they have come back and have been saved and loaded', async () => {
    await fc.assert(
      fc.asyncProperty(model, async ({ body, head, seed, side }) => {
        tf.engine().startScope()
        const input = tf.input({ shape: [side, side + 1, 2] })
        const end = body.reduce<tf.SymbolicTensor>(
          (x, { kind, ...options }) => steps[kind]!(x, options as SymbolicSide),
          input,
        )
        const theirs = tf.model({ inputs: input, outputs: heads[head]!(end) })
        shake(theirs, seed)
        const x = random([side, side + 1, 2], seed)
        const expected = theirs.predict(x) as tf.Tensor
        const scale = Math.max(1, ...expected.dataSync().map(Math.abs))
        const { network, parameters, statistics, notes } = fromLayersModel(theirs)
        const ours = predict({ network, parameters, statistics }, x)
        const loaded = await saved(toLayersModel({ network, parameters, statistics }))
        const again = fromLayersModel(loaded)
        const gaps = [
          worst(ours, expected),
          worst(loaded.predict(x) as tf.Tensor, expected),
          worst(predict(again, x), expected),
        ]
        tf.engine().endScope()
        expect(notes).toEqual([])
        expect(Math.max(...gaps) / scale).toBeLessThan(1e-5)
      }),
      { numRuns: 60, seed: 4 },
    )
  }, 60_000)
})
