import * as tf from '@tensorflow/tfjs'
import { InferenceSession } from 'onnxruntime-node'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  globalAveragePool,
  graph,
  layerNorm,
  positionEmbedding,
  meanToken,
  predict,
  prependTokens,
  relu,
  scale,
  toTokens,
  withNormalization,
  withProbabilities,
  type Model,
} from '@gpdjs/core'
import { sampleTensors } from '../testing/sample-tensors.ts'
import { fromOnnx } from './from-onnx.ts'
import { toOnnx, type OnnxOptions } from './to-onnx.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Kernels with and without groups, statistics, tokens: tensors of every number of axes. */
function sample(): Model {
  const g = graph({ name: 'student', inputShape: [6, 5, 3] })
  const conv = g.add('conv', conv2d({ filters: 4, kernelSize: 3, strides: 2, useBias: true }), 'image')
  const grouped = g.add('grouped', conv2d({ filters: 6, kernelSize: 2, groups: 2 }), conv)
  const each = g.add('each', depthwiseConv2d({ kernelSize: 3, useBias: true }), grouped)
  const active = g.add('relu', relu(), g.add('bn', batchNorm(), each))
  const tokens = g.add('class', prependTokens(), g.add('tokens', toTokens(), g.add('scale', scale(), active)))
  const normal = g.add('ln', layerNorm(), g.add('position', positionEmbedding(), tokens))
  const map = g.add('wide', conv2d({ filters: 2, kernelSize: 1 }), active)
  g.tap('map', map)
  g.tap('pooled', g.add('pool', globalAveragePool(), map))
  const network = g.build(g.add('fc', dense({ units: 4 }), g.add('mean', meanToken(), normal)))
  return { network, ...sampleTensors(network) }
}

const x = () => tf.randomNormal([2, 6, 5, 3], 0, 1, 'float32', 1) as tf.Tensor4D
const values = (tensors: Model['parameters']) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [tensor.shape, tensor.dataSync()]]))

describe('fromOnnx', () => {
  it.each<[string, OnnxOptions]>([
    ['with batch norm', { foldBatchNorm: false }],
    ['with channels first', { foldBatchNorm: false, inputLayout: 'nchw', name: 'other name' }],
    ['with metadata', { foldBatchNorm: false, metadata: { 'class-names': '["Ä","b"]', 'input-mean': '[0.1]' } }],
  ])('gives back the model that toOnnx was given, %s', async (_, options) => {
    const model = sample()
    const { metadata, ...read } = await fromOnnx(await toOnnx(model, options), { source: 'model.onnx' })
    expect(read.network).toEqual(model.network)
    expect(values(read.parameters)).toEqual(values(model.parameters))
    expect(values(read.statistics)).toEqual(values(model.statistics))
    expect(metadata).toEqual(options.metadata ?? {})
    expect(predict(read, x()).dataSync()).toEqual(predict(model, x()).dataSync())
  })

  it('gives back what was folded, normalization and probabilities as they are in the file', async () => {
    const own = withProbabilities(withNormalization(sample(), { mean: [0.1, 0.2, 0.3], deviation: [1, 2, 3] }))
    const read = await fromOnnx(await toOnnx(own), { source: 'model.onnx' })
    expect(read.statistics).toEqual({})
    expect(Object.keys(read.network.outputs)).toEqual(['probabilities'])
    const gap = tf.sub(predict(read, x()), predict(own, x()))
    expect(tf.max(tf.abs(gap)).dataSync()[0]).toBeLessThan(1e-6)
  })

  it('reads the numbers of the file itself, and refuses a file whose graph was changed', async () => {
    const model = sample()
    const bytes = await toOnnx(model, { foldBatchNorm: false })
    const bias = model.parameters['fc.bias']!.dataSync() as Float32Array
    const at = Buffer.from(bytes).indexOf(Buffer.from(bias.buffer, bias.byteOffset, bias.byteLength))
    const other = bytes.slice()
    new DataView(other.buffer).setFloat32(at, 7.5, true)
    const read = await fromOnnx(other, { source: 'model.onnx' })
    expect(read.parameters['fc.bias']!.dataSync()[0]).toBe(7.5)
    // Another activation, in the same number of bytes.
    const changed = Buffer.from(bytes)
    changed.write('Sqrt', changed.indexOf('Relu'), 'latin1')
    await expect(fromOnnx(changed, { source: 'model.onnx' })).rejects.toMatchObject({
      code: 'checkpoint.incompatible',
      message: expect.stringMatching(/model\.onnx: .* changed after it was written/),
    })
  })

  it('refuses what toOnnx did not write, and damaged files, by name', async () => {
    const bytes = await toOnnx(sample())
    const before = tf.memory().numTensors
    const refused = (code: string, wrong: Uint8Array, message: RegExp) =>
      expect(fromOnnx(wrong, { source: 'model.onnx' })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
    await refused('checkpoint.corrupt', bytes.subarray(0, 1000), /model\.onnx: .* bytes are announced/)
    await refused('checkpoint.corrupt', new Uint8Array(0), /expected an ONNX file/)
    await refused('checkpoint.corrupt', new TextEncoder().encode('not a model'), /expected an ONNX file/)
    const foreign = Buffer.from(bytes)
    foreign.write('gpd-nothing', foreign.indexOf('gpd-network'), 'latin1')
    await refused('checkpoint.incompatible', foreign, /'gpd-network', found none/)
    const nameless = Buffer.from(bytes)
    nameless.write('cx.weight', nameless.lastIndexOf('fc.weight'), 'latin1')
    await refused('checkpoint.incompatible', nameless, /expected 'fc\.weight' \[6, 4\], got nothing/)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('leaves metadata where every runtime finds it', async () => {
    const bytes = await toOnnx(sample(), { metadata: { 'class-names': '["a"]' } })
    // ONNX Runtime for Node reads metadata but does not show it: that it loads the file is all that can be asked for.
    await expect(InferenceSession.create(bytes)).resolves.toBeDefined()
    // metadata_props (field 14) { key (1): "class-names", value (2): '["a"]' }
    const entry = Buffer.concat([
      Buffer.from([0x72, 20, 0x0a, 11]),
      Buffer.from('class-names'),
      Buffer.from([0x12, 5]),
      Buffer.from('["a"]'),
    ])
    expect(Buffer.from(bytes).includes(entry)).toBe(true)
  })
})
