import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { add, batchNorm, concat, conv2d, dense, flatten, globalAveragePool, relu } from '../index.ts'
import { apply, predict } from './apply.ts'
import { graph } from './graph.ts'
import type { Model } from './model.ts'
import type { Network } from './network.ts'
import { initializeParameters, initializeStatistics } from '../axes/parameters.ts'
import { planOf } from './plan.ts'
import { networkDefinition, parseNetwork } from './saved-network.ts'

const vector = (size: number) => ({ shape: [size], dtype: 'float32' as const })

/** Two towers and what they share nothing of. */
function towers(): Network {
  const g = graph({ name: 'towers', inputs: { query: vector(3), document: vector(2) } })
  const q = g.add('q', dense({ units: 4 }), 'query')
  const d = g.add('d', dense({ units: 4 }), g.add('bn', batchNorm(), 'document'))
  return g.build({ query: q, document: d })
}

const modelOf = (network: Network, seed = 1): Model => ({
  network,
  parameters: initializeParameters(network.parameters, seed),
  statistics: initializeStatistics(network.statistics),
})

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('a network with several inputs and outputs', () => {
  const model = modelOf(towers())
  const query = tf.tensor2d([[1, 2, 3]])
  const document = tf.tensor2d([
    [4, 5],
    [6, 7],
  ])

  it('computes each output from what it is wired to', () => {
    const { outputs } = apply(model, { query, document, other: query }, { training: false })
    const expected = tf.add(tf.matMul(query, model.parameters['q.weight']!), model.parameters['q.bias']!)
    expect(Object.keys(outputs)).toEqual(['query', 'document'])
    expect(outputs['query']!.dataSync()).toEqual(expected.dataSync())
    expect(outputs['document']!.shape).toEqual([2, 4])
  })

  it('takes and runs only what the requested outputs need', () => {
    const { parameters } = model
    const half = { 'q.weight': parameters['q.weight']!, 'q.bias': parameters['q.bias']! }
    const part = { network: model.network, parameters: half, statistics: {} }
    const { outputs, statistics } = apply(part, { query }, { training: true, outputs: ['query'] })
    expect(Object.keys(outputs)).toEqual(['query'])
    expect(statistics).toEqual({})
    expect(() => apply(part, { query }, { training: true })).toThrow(/'towers' reads 'document'.*got only query/)
  })

  it('fixes the channels of every output, and of every input', () => {
    expect(model.network.groups).toEqual([])
    expect(model.network.parameters.map(({ name, node }) => [name, node])).toContainEqual(['bn.weight', 'bn'])
  })

  it('names the input that does not fit, with both shapes', () => {
    const run = (fields: Parameters<typeof apply>[1], outputs?: string[]) => () =>
      apply(model, fields, { training: false, ...(outputs && { outputs }) })
    expect(run({ query, document: query })).toThrow(
      /'towers' reads 'document': expected float32 \[batch, 2\], got float32 \[1, 3\]/,
    )
    expect(run({ query: tf.cast(query, 'int32'), document })).toThrow(
      /expected float32 \[batch, 3\], got int32 \[1, 3\]/,
    )
    expect(run({})).toThrow(/reads 'query'.*got only nothing/)
    expect(run(query)).toThrow(/one tensor: expected a network with one input, 'towers' has query, document/)
    expect(run({ query, document }, ['querry'])).toThrow(/no output 'querry'.*Did you mean 'query'/)
    expect(() => predict(model, { query, document })).toThrow(/one output, 'towers' has query, document/)
  })

  it('has outputs of any shape, and taps of any node', () => {
    const g = graph({ name: 'map', inputShape: [4, 4, 1] })
    const conv = g.add('conv', conv2d({ filters: 2, kernelSize: 3 }), 'image')
    const map = modelOf(g.build({ map: g.add('relu', relu(), conv) }))
    const { outputs, taps } = apply(map, tf.ones([2, 4, 4, 1]), { training: false, taps: ['conv', 'image'] })
    expect(outputs['map']!.shape).toEqual([2, 4, 4, 2])
    expect(tf.relu(taps['conv']!).dataSync()).toEqual(outputs['map']!.dataSync())
    expect(taps['image']!.shape).toEqual([2, 4, 4, 1])
  })
})

describe('an input of whole numbers', () => {
  it('has no channels: ops that read channels refuse it', () => {
    const g = graph({ name: 'tokens', inputs: { tokens: { shape: [5], dtype: 'int32', size: 10 } } })
    expect(() => g.build(g.add('fc', dense({ units: 2 }), 'tokens'))).toThrow(
      /Node 'fc' \(dense\): expected float32 numbers, but 'tokens' is int32.*embedding/,
    )
  })
})

describe('the plan for the requested nodes', () => {
  it('leaves out nodes that nothing needs, and fuses across them', () => {
    const g = graph({ name: 'side', inputShape: [4, 4, 2] })
    const norm = g.add('bn', batchNorm(), g.add('conv', conv2d({ filters: 2, kernelSize: 1 }), 'image'))
    const main = g.add('pool', globalAveragePool(), g.add('relu', relu(), norm))
    const side = g.add('exit', dense({ units: 2 }), g.add('flat', flatten(), norm))
    const network = g.build({ main, side, both: g.add('both', concat(), main, side) })
    const steps = (...wanted: string[]) => planOf(network, new Set(wanted)).map(({ id }) => id)
    expect(steps('pool')).toEqual(['conv', 'relu', 'pool'])
    expect(steps('exit')).toEqual(['conv', 'bn', 'flat', 'exit'])
    expect(steps('both')).toEqual(['conv', 'bn', 'relu', 'pool', 'flat', 'exit', 'both'])
    expect(steps('image')).toEqual([])
  })
})

describe('a saved network', () => {
  // As `networkDefinition` wrote it before inputs and outputs had names.
  const old = `{"name":"small","inputShape":[8,8,1],"nodes":[
    {"id":"conv1","op":"conv2d","attributes":{"strides":1,"padding":"same","useBias":false,"groups":1,"filters":4,"kernelSize":3},"inputs":["image"]},
    {"id":"bn1","op":"batchNorm","attributes":{"epsilon":0.00001,"momentum":0.9},"inputs":["conv1"]},
    {"id":"sum","op":"add","attributes":{},"inputs":["bn1","conv1"]},
    {"id":"pool","op":"globalAveragePool","attributes":{},"inputs":["sum"]},
    {"id":"fc","op":"dense","attributes":{"useBias":true,"units":3},"inputs":["pool"]}
  ],"output":"fc","taps":{"features":"pool"}}`

  it('of before is read as { image } → { logits }', () => {
    const network = parseNetwork(JSON.parse(old), 'network.json')
    const g = graph({ name: 'small', inputShape: [8, 8, 1] })
    const conv = g.add('conv1', conv2d({ filters: 4, kernelSize: 3 }), 'image')
    const pool = g.add('pool', globalAveragePool(), g.add('sum', add(), g.add('bn1', batchNorm(), conv), conv))
    g.tap('features', pool)
    const same = g.build(g.add('fc', dense({ units: 3 }), pool))
    expect(network).toEqual(same)
    expect(Object.keys(networkDefinition(network))).toEqual(['name', 'inputs', 'nodes', 'outputs', 'taps'])
    expect(parseNetwork(networkDefinition(towers()), 'network.json')).toEqual(towers())
  })

  it('is checked', () => {
    const { inputs, ...rest } = networkDefinition(towers())
    const query = inputs['query']!
    for (const wrong of [
      undefined,
      { query: 3 },
      { query: { ...query, dtype: 'int8' } },
      { query: { ...query, shape: [0] } },
    ])
      expect(() => parseNetwork({ ...rest, inputs: wrong }, 'network.json')).toThrow(
        /network.json: expected a network definition/,
      )
    expect(() => parseNetwork({ ...rest, inputs, outputs: { query: 3 } }, 'n')).toThrow(/n: expected a network/)
    expect(() => parseNetwork({ ...rest, inputs, outputs: { query: 'p' } }, 'n')).toThrow(/names the node 'p'/)
  })
})
