import * as tf from '@tensorflow/tfjs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  adaptiveAveragePool,
  add,
  average,
  averagePool,
  batchNorm,
  builtInOps,
  channelShuffle,
  channelSplit,
  concat,
  concatTokens,
  conv2d,
  defineOp,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  flatten,
  gate,
  gelu,
  geluTanh,
  globalAveragePool,
  globalMaxPool,
  graph,
  hardSigmoid,
  hardSwish,
  layerNorm,
  leakyRelu,
  maxPool,
  meanToken,
  mish,
  multiply,
  positionEmbedding,
  predict,
  prelu,
  prependTokens,
  randomStream,
  registerOp,
  relu,
  relu6,
  rescale,
  resizeNearest,
  scale,
  selfAttention,
  selu,
  sigmoid,
  sizeOf,
  sliceTokens,
  softmax,
  softplus,
  softsign,
  spaceToDepth,
  stochasticDepth,
  swapTokens,
  swish,
  takeToken,
  tanh,
  toMap,
  toTokens,
  zeroPadding2d,
  type Graph,
  type Network,
} from '@gpdjs/core'
import * as emitters from './emitters/index.ts'
import { sampleTensors } from '../testing/sample-tensors.ts'
import { toOnnx, type OnnxOptions } from './to-onnx.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const BATCH = 3

/** Largest difference between the logits of an independent runtime and ours, relative to the largest logit. */
async function deviation(network: Network, options: OnnxOptions = {}): Promise<number> {
  const { parameters, statistics } = sampleTensors(network)
  const stream = randomStream(7)
  const shape = [BATCH, ...network.shapes['image']!]
  const values = Float32Array.from({ length: sizeOf(shape) }, () => stream.normal())
  const x = tf.reshape<tf.Rank.R4>(values, shape as [number, number, number, number])
  const expected = predict({ network, parameters, statistics }, x).dataSync()
  const session = await InferenceSession.create(await toOnnx({ network, parameters, statistics }, options))
  const turned = options.inputLayout === 'nchw' ? tf.transpose(x, [0, 3, 1, 2]) : x
  const { logits } = await session.run({
    image: new Tensor('float32', turned.dataSync() as Float32Array, turned.shape),
  })
  expect(logits!.dims).toEqual([BATCH, ...network.shapes[network.outputs['logits']!]!])
  const found = logits!.data as Float32Array
  const largest = Math.max(...expected.map(Math.abs))
  expect(largest).toBeGreaterThan(1e-3)
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i]!))) / Math.max(1, largest)
}

function build(inputShape: readonly number[], place: (g: Graph) => string): Network {
  const g = graph({ name: 'net', inputShape })
  return g.build(g.add('fc', dense({ units: 4 }), place(g)))
}

const unit = (g: Graph, name: string, filters: number, x: string, strides = 1) =>
  g.add(`${name}.bn`, batchNorm(), g.add(`${name}.conv`, conv2d({ filters, kernelSize: 3, strides }), x))

const networks: Record<string, () => Network> = {
  'a residual network': () =>
    build([15, 14, 3], (g) => {
      const stem = g.add(
        'pool',
        maxPool({ kernelSize: 3, strides: 2, padding: 1 }),
        g.add('r0', relu(), unit(g, 'stem', 8, 'image')),
      )
      const branch = unit(g, 'b', 12, g.add('ra', relu(), unit(g, 'a', 12, stem, 2)))
      const shortcut = g.add(
        'short.bn',
        batchNorm(),
        g.add('short', conv2d({ filters: 12, kernelSize: 1, strides: 2, padding: 0 }), stem),
      )
      return g.add('gap', globalAveragePool(), g.add('r', relu(), g.add('sum', add(), branch, shortcut)))
    }),
  'depthwise and grouped convolutions': () =>
    build([11, 8, 3], (g) => {
      const a = g.add(
        'hs',
        hardSwish(),
        g.add('a', conv2d({ filters: 8, kernelSize: 5, strides: 2, padding: 2, useBias: true }), 'image'),
      )
      const d = g.add(
        'r6',
        relu6(),
        g.add('d.bn', batchNorm(), g.add('d', depthwiseConv2d({ kernelSize: 3, strides: 2, useBias: true }), a)),
      )
      const c = g.add('c', conv2d({ filters: 12, kernelSize: 2, groups: 4, useBias: true }), d)
      const shuffled = g.add(
        'shuffle',
        channelShuffle(),
        g.add('s0', channelSplit({ index: 0 }), c),
        g.add('s1', channelSplit({ index: 1 }), c),
      )
      return g.add('flat', flatten(), g.add('gamma', scale(), shuffled))
    }),
  'concatenations, products and pools': () =>
    build([9, 10, 2], (g) => {
      const [a, b] = [
        g.add('a', conv2d({ filters: 3, kernelSize: 3, padding: 'valid' }), 'image'),
        g.add('b', conv2d({ filters: 3, kernelSize: 3, padding: 'valid' }), 'image'),
      ]
      const both = g.add('both', concat(), g.add('product', multiply(), a, b, a), g.add('mean', average(), a, b))
      const small = g.add(
        'small',
        averagePool({ kernelSize: 3, strides: 2, padding: 'same' }),
        g.add('pad', zeroPadding2d({ rows: [0, 1], columns: [2, 1] }), both),
      )
      const dropped = g.add(
        'drop',
        dropout({ rate: 0.5 }),
        g.add(
          'adapted',
          adaptiveAveragePool({ height: 2, width: 7 }),
          g.add('half', averagePool({ kernelSize: 3, strides: 1, padding: 1 }), small),
        ),
      )
      const mixed = g.add('mixed', dense({ units: 5 }), g.add('normal', layerNorm(), dropped))
      return g.add('flat', flatten(), mixed)
    }),
  'a small transformer': () =>
    build([8, 8, 3], (g) => {
      const patches = g.add(
        'tokens',
        toTokens(),
        g.add('patch', conv2d({ filters: 8, kernelSize: 4, strides: 4, padding: 'valid', useBias: true }), 'image'),
      )
      const x = g.add('position', positionEmbedding(), g.add('class', prependTokens(), patches))
      const qkv = g.add('qkv', dense({ units: 24 }), g.add('norm1', layerNorm(), x))
      const attended = g.add(
        'res1',
        add(),
        x,
        g.add(
          'deep',
          stochasticDepth({ rate: 0.2 }),
          g.add('proj', dense({ units: 8 }), g.add('attend', selfAttention({ heads: 2 }), qkv)),
        ),
      )
      const hidden = g.add(
        'gelu',
        gelu(),
        g.add('fc1', dense({ units: 16, useBias: false }), g.add('norm2', layerNorm(), attended)),
      )
      return g.add(
        'take',
        takeToken(),
        g.add('res2', add(), attended, g.add('ls', scale(), g.add('fc2', dense({ units: 8 }), hidden))),
      )
    }),
  'mixing of tokens, and attention of a widened network': () =>
    build([4, 6, 12], (g) => {
      const tokens = g.add('bn', batchNorm(), g.add('tokens', toTokens(), 'image'))
      const mixed = g.add('back', swapTokens(), g.add('mix', dense({ units: 6 }), g.add('swap', swapTokens(), tokens)))
      const attended = g.add(
        'attend',
        selfAttention({ heads: 1, copies: 2 }),
        g.add('qkv', dense({ units: 24 }), mixed),
      )
      const split = g.add(
        'shuffle',
        channelShuffle(),
        ...[0, 1].map((index) => g.add(`s${index}`, channelSplit({ index }), attended)),
      )
      const map = g.add('map', toMap({ height: 2, width: 3 }), split)
      const vector = g.add(
        'vector',
        batchNorm(),
        g.add('all', concat(), g.add('gap', globalAveragePool(), map), g.add('mean', meanToken(), attended)),
      )
      return g.add(
        'cat',
        concat(),
        vector,
        g.add('flat', flatten(), map),
        g.add('flatTokens', flatten(), g.add('cat2', concat(), tokens, g.add('gel', gelu(), tokens))),
      )
    }),
}

networks['merged patches, weighed positions and lists of tokens'] = () =>
  build([6, 4, 3], (g) => {
    const merged = g.add('merged', spaceToDepth(), 'image')
    const larger = g.add('larger', resizeNearest({ height: 7, width: 4 }), merged)
    const rates = g.add('rates', conv2d({ filters: 1, kernelSize: 1, useBias: true }), larger)
    const tokens = g.add('tokens', toTokens(), g.add('weighed', gate(), larger, rates))
    const slices = [0, 5, 20].map((from) => g.add(`from${from}`, sliceTokens({ from, count: 8 }), tokens))
    return g.add('flat', flatten(), g.add('list', concatTokens(), ...slices))
  })

networks['windows that are no squares, and learned slopes'] = () =>
  build([7, 9, 3], (g) => {
    const wide = conv2d({ filters: 6, kernelSize: [3, 1], strides: [1, 2], padding: 'same', useBias: true })
    const x = g.add('wide', wide, 'image')
    const tall = g.add('tall', maxPool({ kernelSize: [1, 3], strides: [2, 1], padding: 'same' }), x)
    const mean = g.add('mean', averagePool({ kernelSize: [2, 1], strides: [1, 2] }), tall)
    const slopes = g.add('slopes', prelu(), mean)
    const spatial = depthwiseConv2d({ kernelSize: [2, 3], strides: [1, 2], padding: 'same' })
    const each = g.add('each', prelu({ perPosition: true }), g.add('spatial', spatial, slopes))
    return g.add('flat', flatten(), each)
  })

networks['dilated windows'] = () =>
  build([9, 11, 3], (g) => {
    const far = conv2d({ filters: 6, kernelSize: 3, dilation: [2, 1], padding: 'same', useBias: true })
    const x = g.add('far', far, 'image')
    const apart = g.add('apart', depthwiseConv2d({ kernelSize: [3, 2], dilation: [1, 3], padding: 1 }), x)
    const both = g.add('both', conv2d({ filters: 4, kernelSize: 2, strides: 2, dilation: 2, padding: 'valid' }), apart)
    const blocks = g.add('blocks', conv2d({ filters: 4, kernelSize: 3, groups: 2, dilation: [2, 1] }), both)
    return g.add('largest', globalMaxPool(), blocks)
  })

networks['squeeze and excitation'] = () =>
  build([5, 4, 3], (g) => {
    const x = g.add('conv', conv2d({ filters: 6, kernelSize: 3, useBias: true }), 'image')
    const squeezed = g.add('map', toMap({ height: 1, width: 1 }), g.add('squeeze', globalAveragePool(), x))
    const few = g.add('slope', prelu(), g.add('few', conv2d({ filters: 2, kernelSize: 1, useBias: true }), squeezed))
    const rates = g.add('rates', sigmoid(), g.add('many', conv2d({ filters: 6, kernelSize: 1, useBias: true }), few))
    const excited = g.add('excite', multiply(), rates, x)
    return g.add('flat', flatten(), g.add('sum', add(), excited, rates))
  })

const activations = { elu, geluTanh, hardSigmoid, leakyRelu, mish, selu, sigmoid, softplus, softsign, swish, tanh }

networks['constants and probabilities for maps, tokens and vectors'] = () =>
  build([3, 2, 3], (g) => {
    const line = (width: number) =>
      rescale({
        factor: Array.from({ length: width }, (_, i) => 1.7 - i),
        shift: Array.from({ length: width }, (_, i) => 0.3 * i - 0.4),
      })
    const map = g.add('map shares', softmax(), g.add('map', line(3), 'image'))
    const tokens = g.add('token shares', softmax(), g.add('token', line(3), g.add('tokens', toTokens(), 'image')))
    const vector = g.add('shares', softmax(), g.add('vector', line(3), g.add('mean', globalAveragePool(), 'image')))
    return g.add('all', concat(), vector, g.add('flat', flatten(), map), g.add('flat tokens', flatten(), tokens))
  })

networks['activations'] = () =>
  build([5, 4, 3], (g) => {
    const active = Object.entries(activations).map(([name, activation]) => g.add(name, activation(), 'image'))
    const steep = [g.add('steep', elu({ alpha: 0.6 }), 'image'), g.add('leaky', leakyRelu({ alpha: 0.2 }), 'image')]
    return g.add('flat', flatten(), g.add('all', concat(), ...active, ...steep))
  })

describe('toOnnx', () => {
  for (const [name, make] of Object.entries(networks)) {
    for (const foldBatchNorm of [true, false]) {
      it(`gives the logits of ${name} in an independent runtime, batch norm ${foldBatchNorm ? 'folded' : 'kept'}`, async () => {
        expect(await deviation(make(), { foldBatchNorm })).toBeLessThan(1e-4)
      })
    }
  }

  it('rescales bit for bit as predict does', async () => {
    const g = graph({ name: 'pixels', inputShape: [1, 1, 3] })
    const line = rescale({ factor: [1 / 0.229, 1 / 0.224, -1 / 0.225], shift: [-0.485 / 0.229, 0, 7] })
    const network = g.build(g.add('flat', flatten(), g.add('line', line, 'image')))
    const x = tf.tensor4d(
      Float32Array.from({ length: 768 }, (_, i) => Math.floor(i / 3) / 255),
      [256, 1, 1, 3],
    )
    const model = { network, parameters: {}, statistics: {} }
    const session = await InferenceSession.create(await toOnnx(model))
    const { logits } = await session.run({ image: new Tensor('float32', x.dataSync() as Float32Array, x.shape) })
    expect(logits!.data).toEqual(predict(model, x).dataSync())
  })

  it('takes images with channels first if the option is set', async () => {
    expect(await deviation(networks['a residual network']!(), { inputLayout: 'nchw' })).toBeLessThan(1e-4)
  })

  it('can write every op of images, and the networks above try each of them', () => {
    const others = ['embedding', 'fieldProducts', 'mixFields', 'sumChannels', 'unitLength']
    const names = builtInOps.map(({ name }) => name).filter((name) => !others.includes(name))
    expect(Object.keys(emitters).sort()).toEqual([...names].sort())
    const tried = new Set(Object.values(networks).flatMap((make) => make().nodes.map(({ op }) => op)))
    expect(names.filter((op) => !tried.has(op))).toEqual([])
  })

  it('names input and output, leaves the batch size open and lists the operators it needs', async () => {
    const network = networks['a residual network']!()
    const { parameters, statistics } = sampleTensors(network)
    const bytes = await toOnnx({ network, parameters, statistics }, { name: 'student' })
    const session = await InferenceSession.create(bytes)
    expect([session.inputNames, session.outputNames]).toEqual([['image'], ['logits']])
    expect(session.inputMetadata[0]).toMatchObject({ isTensor: true, type: 'float32', shape: ['N', 15, 14, 3] })
    // ir_version (field 1) 8 comes first, opset_import (field 8) { version (field 2): 17 } last.
    expect([...bytes.subarray(0, 2)]).toEqual([0x08, 8])
    expect([...bytes.subarray(-4)]).toEqual([0x42, 2, 0x10, 17])
    expect(new TextDecoder('latin1').decode(bytes)).toContain('student')
  })

  it('leaves no tensors behind', async () => {
    const network = networks['a residual network']!()
    const { parameters, statistics } = sampleTensors(network)
    const before = tf.memory().numTensors
    await toOnnx({ network, parameters, statistics })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses by name what it cannot write', async () => {
    const cube = defineOp({
      name: 'cube',
      infer: ({ inputs }) => inputs[0]!,
      apply: ({ inputs }) => tf.pow(inputs[0]!, 3),
    })
    registerOp(cube)
    const network = build([4, 4, 2], (g) => g.add('gap', globalAveragePool(), g.add('odd', cube(), 'image')))
    const { parameters } = sampleTensors(network)
    await expect(toOnnx({ network, parameters, statistics: {} })).rejects.toThrow(
      /node 'odd': the op 'cube' cannot be written in ONNX/,
    )
    const plain = build([4, 4, 2], (g) => g.add('gap', globalAveragePool(), 'image'))
    for (const foldBatchNorm of [true, false]) {
      await expect(toOnnx({ network: plain, parameters: {}, statistics: {} }, { foldBatchNorm })).rejects.toThrow(
        /no tensor for 'fc.weight'/,
      )
    }
    await expect(toOnnx({ network: plain, parameters, statistics: {} }, { opset: 18 as 17 })).rejects.toThrow(
      /opset: expected 17, got 18/,
    )
    const vector = build([4], () => 'image')
    await expect(
      toOnnx({ network: vector, parameters: sampleTensors(vector).parameters, statistics: {} }),
    ).rejects.toThrow(/expected a network of images/)
  })
})
