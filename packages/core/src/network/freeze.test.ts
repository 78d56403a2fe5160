import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { batchNorm, conv2d, dense, dropout, globalAveragePool, relu } from '../ops/index.ts'
import { initializeParameters, initializeStatistics } from '../axes/parameters.ts'
import { isGpdError } from '../errors.ts'
import { apply } from './apply.ts'
import { freeze, unfreeze } from './freeze.ts'
import { graph } from './graph.ts'
import { defineNetwork, type Network } from './network.ts'
import { networkDefinition, parseNetwork } from './saved-network.ts'
import { widenNetwork } from './widen.ts'

function network(): Network {
  const g = graph({ name: 'net', inputShape: [4, 4, 2] })
  let x = g.add('stem.conv', conv2d({ filters: 3, kernelSize: 3 }), 'image')
  x = g.add('stem.relu', relu(), g.add('stem.bn', batchNorm(), x))
  x = g.add('drop', dropout({ rate: 0.5 }), g.add('block.conv', conv2d({ filters: 4, kernelSize: 3 }), x))
  return g.build(g.add('fc', dense({ units: 3 }), g.add('pool', globalAveragePool(), x)))
}

const json = (of: Network) => JSON.stringify(networkDefinition(of))
const frozenParameters = ({ parameters }: Network) =>
  parameters.flatMap(({ name, trainable }) => (trainable === false ? [name] : []))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('freeze', () => {
  it('marks the nodes with parameters that match, and their parameters', () => {
    const plain = network()
    const frozen = freeze(plain, 'stem.*')
    expect(frozenParameters(frozen)).toEqual(['stem.conv.weight', 'stem.bn.weight', 'stem.bn.bias'])
    expect(frozen.nodes.filter((node) => 'trainable' in node).map(({ id }) => id)).toEqual(['stem.conv', 'stem.bn'])
    expect(frozenParameters(plain)).toEqual([])
    expect({ ...frozen, nodes: [], parameters: [] }).toEqual({ ...plain, nodes: [], parameters: [] })
  })

  it.each([
    [['fc'], ['fc.weight', 'fc.bias']],
    [
      ['*.conv', 'fc'],
      ['stem.conv.weight', 'block.conv.weight', 'fc.weight', 'fc.bias'],
    ],
    [(id: string) => id.startsWith('block'), ['block.conv.weight']],
    ['*', network().parameters.map(({ name }) => name)],
  ])('takes %s', (patterns, names) => {
    expect(frozenParameters(freeze(network(), patterns))).toEqual(names)
  })

  it('adds to what is frozen, and unfreeze takes it back', () => {
    const both = freeze(freeze(network(), 'stem.conv'), 'fc')
    expect(frozenParameters(both)).toEqual(['stem.conv.weight', 'fc.weight', 'fc.bias'])
    expect(frozenParameters(unfreeze(both, 'fc'))).toEqual(['stem.conv.weight'])
    expect(json(unfreeze(both))).toBe(json(network()))
    expect(json(unfreeze(freeze(network(), '*', { mode: 'evaluation' })))).toBe(json(network()))
  })

  it.each([
    [() => freeze(network(), ['fc', 'stem.cnov']), "Did you mean 'stem.conv'"],
    [() => freeze(network(), 'stem.relu'), 'matches none'],
    [() => freeze(network(), () => false), 'There are stem.conv, stem.bn, block.conv, fc'],
    [() => unfreeze(network(), 'fcc'), "Did you mean 'fc'"],
    [() => freeze(network(), 'fc', { mode: 'training' as never }), 'expected "evaluation", got "training"'],
    [() => freeze(network(), 'fc', { modus: 'evaluation' } as never), "unknown option 'modus'"],
  ])('refuses what matches nothing', (call, text) => {
    expect(call).toThrow(text)
    try {
      call()
    } catch (error) {
      expect(isGpdError(error) && error.code.startsWith('config.')).toBe(true)
    }
  })
})

describe('a frozen network', () => {
  it('is saved and read with its marks, and without them as ever', () => {
    const frozen = freeze(network(), 'stem.*', { mode: 'evaluation' })
    expect(parseNetwork(JSON.parse(json(frozen)), 'test')).toEqual(frozen)
    expect(json(network())).not.toMatch(/trainable|mode/)
    const spelled = networkDefinition(network()).nodes.map((node) => ({ ...node, trainable: true }))
    expect(json(defineNetwork({ ...networkDefinition(network()), nodes: spelled }))).toBe(json(network()))
  })

  it.each([{ trainable: 'no' }, { trainable: null }, { mode: 'training' }, { mode: 1 }])(
    'is refused with %j in a saved node',
    (entry) => {
      const { nodes, ...rest } = networkDefinition(network())
      const broken = { ...rest, nodes: nodes.map((node) => ({ ...node, ...entry })) }
      expect(() => parseNetwork(broken, 'network.json')).toThrow(/network.json: expected a network definition/)
    },
  )

  it('stays frozen when it is made wider', () => {
    const wide = widenNetwork(freeze(network(), 'stem.*', { mode: 'evaluation' }), { 'stem.conv': 2 })
    expect(frozenParameters(wide)).toEqual(['stem.conv.weight', 'stem.bn.weight', 'stem.bn.bias'])
    expect(wide.nodes.flatMap(({ id, mode }) => (mode ? [id] : []))).toEqual(['stem.conv', 'stem.bn', 'stem.relu'])
  })

  it('in evaluation mode computes in training what it does in evaluation, and moves no moments', () => {
    tf.tidy(() => {
      const x = tf.randomNormal([2, 4, 4, 2], 3, 2, 'float32', 5)
      const run = (of: Network, training: boolean, node: string) => {
        const parameters = initializeParameters(of.parameters, 1)
        const statistics = initializeStatistics(of.statistics)
        const result = apply({ network: of, parameters, statistics }, x, { training, outputs: [], taps: [node] })
        return { values: result.taps[node]!.dataSync(), statistics: result.statistics }
      }
      const stem = run(freeze(network(), 'stem.*', { mode: 'evaluation' }), true, 'stem.relu')
      expect(stem).toEqual(run(network(), false, 'stem.relu'))
      expect(stem.values).not.toEqual(run(network(), true, 'stem.relu').values)
      // No dropout either: no random numbers are given.
      const all = run(freeze(network(), '*', { mode: 'evaluation' }), true, 'fc')
      expect(all).toEqual(run(network(), false, 'fc'))
    })
  })

  it('without a mode normalizes by the batch and moves its moments, as a plain network does', () => {
    tf.tidy(() => {
      const x = tf.randomNormal([2, 4, 4, 2], 3, 2, 'float32', 5)
      const moved = [network(), freeze(network(), '*')].map((of) => {
        const parameters = initializeParameters(of.parameters, 1)
        const statistics = initializeStatistics(of.statistics)
        const model = { network: of, parameters, statistics }
        return apply(model, x, { training: true, outputs: [], taps: ['stem.bn'] })
      })
      expect(Object.keys(moved[1]!.statistics)).toEqual(['stem.bn.running_mean', 'stem.bn.running_var'])
      for (const key of Object.keys(moved[0]!.statistics))
        expect(moved[1]!.statistics[key]!.dataSync()).toEqual(moved[0]!.statistics[key]!.dataSync())
      expect(moved[1]!.taps['stem.bn']!.dataSync()).toEqual(moved[0]!.taps['stem.bn']!.dataSync())
    })
  })
})
