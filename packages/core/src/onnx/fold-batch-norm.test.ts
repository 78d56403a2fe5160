import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { add, batchNorm, conv2d, dense, depthwiseConv2d, globalAveragePool, relu } from '../index.ts'
import { apply } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { randomStream } from '../random/random-stream.ts'
import { foldBatchNorm } from './fold-batch-norm.ts'
import { sampleTensors } from './testing.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

function mixedNetwork() {
  const g = graph({ name: 'mixed', inputShape: [6, 6, 4] })
  const a = g.add(
    'bnA',
    batchNorm({ epsilon: 1e-3 }),
    g.add('a', conv2d({ filters: 4, kernelSize: 3, useBias: true }), 'image'),
  )
  const b = g.add('bnB', batchNorm(), g.add('b', depthwiseConv2d({ kernelSize: 3 }), g.add('ra', relu(), a)))
  const c = g.add('bnC', batchNorm(), g.add('c', conv2d({ filters: 4, kernelSize: 3, groups: 2 }), b))
  g.tap('c', c)
  const pre = g.add('bnAfterSum', batchNorm(), g.add('sum', add(), c, b))
  const hidden = g.add('hidden', dense({ units: 6, useBias: false }), g.add('pool', globalAveragePool(), pre))
  return g.build(g.add('fc', dense({ units: 3 }), g.add('rh', relu(), g.add('bnH', batchNorm(), hidden))))
}

describe('foldBatchNorm', () => {
  it('gives γ (w x + b − μ) / √(σ² + ε) + β for one channel', () => {
    const g = graph({ name: 'one', inputShape: [1, 1, 1] })
    const network = g.build(
      g.add(
        'pool',
        globalAveragePool(),
        g.add(
          'bn',
          batchNorm({ epsilon: 0 }),
          g.add('c', conv2d({ filters: 1, kernelSize: 1, useBias: true }), 'image'),
        ),
      ),
    )
    const [w, b, gamma, beta, mean, variance] = [3, 0.5, 2, -1, 0.25, 4]
    const parameters = {
      'c.weight': tf.tensor4d([w], [1, 1, 1, 1]),
      'c.bias': tf.tensor1d([b]),
      'bn.weight': tf.tensor1d([gamma]),
      'bn.bias': tf.tensor1d([beta]),
    }
    const folded = foldBatchNorm({
      network,
      parameters,
      statistics: {
        'bn.running_mean': tf.tensor1d([mean]),
        'bn.running_var': tf.tensor1d([variance]),
      },
    })
    expect(folded.network.nodes.map(({ id }) => id)).toEqual(['c', 'pool'])
    expect(folded.parameters['c.weight']!.dataSync()[0]).toBeCloseTo(3, 6) // 2 · 3 / 2
    expect(folded.parameters['c.bias']!.dataSync()[0]).toBeCloseTo(-0.75, 6) // 2 · (0.5 − 0.25) / 2 − 1
    expect(folded.statistics).toEqual({})
  })

  it('keeps the function and the taps, behind plain, grouped and depthwise convolutions and dense layers', () => {
    const network = mixedNetwork()
    const { parameters, statistics } = sampleTensors(network)
    const folded = foldBatchNorm({ network, parameters, statistics })
    expect(folded.network.nodes.filter(({ op }) => op === 'batchNorm').map(({ id }) => id)).toEqual(['bnAfterSum'])
    const stream = randomStream(5)
    const x = tf.tensor(
      Float32Array.from({ length: 2 * 144 }, () => stream.normal()),
      [2, 6, 6, 4],
    )
    const options = { training: false, taps: ['c'] }
    const expected = apply({ network, parameters, statistics }, x, options)
    const found = apply(folded, x, options)
    for (const [a, b] of [
      [expected.outputs['logits']!, found.outputs['logits']!],
      [expected.taps['c']!, found.taps['c']!],
    ] as const) {
      expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-5)
    }
  })

  it('leaves a batch normalization alone whose input is read or tapped elsewhere', () => {
    const build = (observe: 'tap' | 'read') => {
      const g = graph({ name: 'n', inputShape: [4, 4, 2] })
      const linear = g.add('c', conv2d({ filters: 2, kernelSize: 3 }), 'image')
      const normal = g.add('bn', batchNorm(), linear)
      if (observe === 'tap') g.tap('raw', linear)
      return g.build(
        g.add('pool', globalAveragePool(), observe === 'read' ? g.add('sum', add(), linear, normal) : normal),
      )
    }
    for (const network of [build('tap'), build('read')]) {
      const { parameters, statistics } = sampleTensors(network)
      expect(foldBatchNorm({ network, parameters, statistics }).network.nodes).toEqual(network.nodes)
    }
  })

  it('returns tensors of its own and nothing else', () => {
    const network = mixedNetwork()
    const given = sampleTensors(network)
    const before = tf.memory().numTensors
    const { parameters, statistics } = foldBatchNorm({
      network,
      parameters: given.parameters,
      statistics: given.statistics,
    })
    expect(tf.memory().numTensors - before).toBe(Object.keys(parameters).length + Object.keys(statistics).length)
    tf.dispose([parameters, statistics])
    expect(given.parameters['fc.weight']!.isDisposed).toBe(false)
    expect(() => foldBatchNorm({ network, parameters: {}, statistics: given.statistics })).toThrow(
      /no tensor for 'a.weight'/,
    )
  })
})
