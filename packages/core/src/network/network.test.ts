import * as tf from '@tensorflow/tfjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  add,
  batchNorm,
  concat,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAveragePool,
  layerNorm,
  maxPool,
  relu,
  selfAttention,
  swapTokens,
  toTokens,
  countMultiplyAdds,
  type Shape,
} from '../index.ts'
import { randomStream } from '../random/random-stream.ts'
import { apply } from './apply.ts'
import { graph } from './graph.ts'
import { defineNetwork, type Network } from './network.ts'
import { countParameters, initializeParameters, initializeStatistics } from '../axes/parameters.ts'
import { networkDefinition, parseNetwork } from './saved-network.ts'
import { widenNetwork } from './widen.ts'

const conv = (filters: number, kernelSize = 3) => conv2d({ filters, kernelSize })
const head = (g: ReturnType<typeof graph>, x: string, units = 3) =>
  g.build(g.add('fc', dense({ units }), g.add('pool', globalAveragePool(), x)))
const start = (inputShape: Shape = [8, 8, 2]) => graph({ name: 'net', inputShape })

const axesOf = (network: Network, parameter: string) =>
  network.parameters
    .find(({ name }) => name === parameter)!
    .axes.map(
      ({ role, segments }) => `${role}:${segments.map(({ group, size }) => `${group ?? '-'}/${size}`).join('+')}`,
    )

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('channel groups', () => {
  it('start at convolutions, pass through norms and activations, and are fixed at the image and the logits', () => {
    const g = start()
    const network = head(g, g.add('relu', relu(), g.add('bn', batchNorm(), g.add('conv', conv(4), 'image'))))
    expect(network.groups).toEqual(['conv'])
    expect(axesOf(network, 'conv.weight')).toEqual(['fixed:-/3', 'fixed:-/3', 'input:-/2', 'output:conv/4'])
    expect(axesOf(network, 'bn.weight')).toEqual(['channel:conv/4'])
    expect(axesOf(network, 'fc.weight')).toEqual(['input:conv/4', 'output:-/3'])
  })

  it('become one where they are added, however long the chain', () => {
    const g = start()
    const a = g.add('a', conv(4), 'image')
    const b = g.add('b', conv(4), a)
    const c = g.add('c', conv(4), 'image')
    const network = head(g, g.add('sum', add(), g.add('ab', add(), a, b), c))
    expect(network.groups).toEqual(['a'])
    expect(axesOf(network, 'b.weight').slice(2)).toEqual(['input:a/4', 'output:a/4'])
  })

  it('stay in place through a depthwise convolution, and are tied by a grouped one', () => {
    const g = start()
    const depthwise = g.add('dw', depthwiseConv2d({ kernelSize: 3 }), g.add('a', conv(4), 'image'))
    const network = head(g, g.add('grouped', conv2d({ filters: 8, kernelSize: 3, groups: 2 }), depthwise))
    expect(network.groups).toEqual(['a'])
    expect(axesOf(network, 'dw.weight')).toEqual(['fixed:-/3', 'fixed:-/3', 'channel:a/4', 'fixed:-/1'])
    expect(axesOf(network, 'grouped.weight').slice(2)).toEqual(['fixed:-/2', 'channel:a/8'])
  })

  it('are adjacent after a concatenation, and share a ratio once one kernel reads them', () => {
    const g = start()
    const both = g.add('both', concat(), g.add('a', conv(4), 'image'), g.add('b', conv(2), 'image'))
    const network = head(g, g.add('c', conv(4), both))
    expect(axesOf(network, 'c.weight')[2]).toBe('input:a/4+a/2')
    expect(network.groups).toEqual(['a', 'c'])
  })

  it('cannot be expanded where image channels are added to them', () => {
    const g = start([8, 8, 4])
    expect(head(g, g.add('sum', add(), g.add('a', conv(4), 'image'), 'image')).groups).toEqual([])
  })

  it('keep the number of their repetitions after flatten', () => {
    const g = start([4, 4, 1])
    const network = g.build(g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), g.add('a', conv(2), 'image'))))
    expect(network.parameters.find(({ name }) => name === 'fc.weight')!.axes[0]!.segments).toEqual([
      { size: 32, group: 'a', repeat: 16 },
    ])
  })

  it('go through attention as heads', () => {
    const g = start([4, 4, 1])
    const tokens = g.add('norm', layerNorm(), g.add('tokens', toTokens(), g.add('patch', conv(6, 1), 'image')))
    const attended = g.add('attn', selfAttention({ heads: 2 }), g.add('qkv', dense({ units: 18 }), tokens))
    const network = g.build(
      g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), g.add('proj', dense({ units: 6 }), attended))),
    )
    expect(network.groups).toEqual(['patch', 'qkv', 'proj'])
    expect(axesOf(network, 'proj.weight')).toEqual(['input:qkv/6', 'output:proj/6'])
  })
})

describe('channels of no group', () => {
  it('pass through attention and grouped convolutions without being expanded', () => {
    const g = start([4, 6, 1])
    const tokens = g.add('swap', swapTokens(), g.add('tokens', toTokens(), g.add('patch', conv(5, 1), 'image')))
    const attended = g.add('attn', selfAttention({ heads: 2 }), tokens)
    const network = g.build(g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), attended)))
    expect(network.shapes['attn']).toEqual([5, 8])
    expect(network.groups).toEqual([])

    const h = start([4, 4, 2])
    expect(head(h, h.add('grouped', conv2d({ filters: 4, kernelSize: 3, groups: 2 }), 'image')).groups).toEqual([])
  })
})

describe('widenNetwork', () => {
  it('multiplies the channels of a group wherever they flow, and nothing else', () => {
    const g = start()
    const network = head(
      g,
      g.add('b', conv(6), g.add('dw', depthwiseConv2d({ kernelSize: 3 }), g.add('a', conv(4), 'image'))),
    )
    const wide = widenNetwork(network, { a: 3 })
    expect(Object.fromEntries(wide.parameters.map(({ name, shape }) => [name, shape]))).toEqual({
      'a.weight': [3, 3, 2, 12],
      'dw.weight': [3, 3, 12, 1],
      'b.weight': [3, 3, 12, 6],
      'fc.weight': [6, 3],
      'fc.bias': [3],
    })
    expect(wide.shapes['fc']).toEqual([3])
  })
})

describe('defineNetwork', () => {
  const refuse = (build: () => unknown, message: RegExp) => expect(build).toThrow(message)

  it('counts multiply-adds of convolutions and dense layers', () => {
    const g = start()
    const network = head(g, g.add('conv', conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 1 }), 'image'))
    expect(countMultiplyAdds(network)).toBe(4 * 4 * 9 * 2 * 4 + 4 * 3)
    expect(countParameters(network.parameters)).toBe(9 * 2 * 4 + 4 * 3 + 3)
  })

  it('is data: what it was built from builds it again', () => {
    const g = start()
    const network = head(g, g.add('conv', conv(4), 'image'))
    const again = parseNetwork(JSON.parse(JSON.stringify(networkDefinition(network))), 'a test')
    expect(again).toEqual(network)
  })

  it('names the node that is wrong', () => {
    refuse(() => head(start(), 'conv'), /'pool' reads 'conv', which is not defined before it/)
    refuse(() => {
      const g = start()
      g.add('conv', conv(4), 'image')
      return head(g, g.add('x', conv(4), 'cnov'))
    }, /Node 'x' reads 'cnov'.*Did you mean 'conv'/)
    refuse(() => {
      const g = start()
      return head(g, g.add('pool', maxPool({ kernelSize: 9 }), 'image'))
    }, /Node 'pool': a 9x9 window does not fit into \[8, 8, 2\]/)
    refuse(() => {
      const g = start()
      return head(g, g.add('sum', add(), g.add('a', conv(4), 'image'), g.add('b', conv(5), 'image')))
    }, /Node 'sum': inputs do not fit together, got \[8, 8, 4\] and \[8, 8, 5\]/)
    refuse(() => {
      const g = start()
      return head(g, g.add('grouped', conv2d({ filters: 4, kernelSize: 3, groups: 3 }), 'image'))
    }, /Node 'grouped': 2 channels and 4 filters do not divide into 3 groups/)
    refuse(() => {
      const g = start()
      g.add('x', conv(4), 'image')
      return head(g, g.add('x', relu(), 'x'))
    }, /Two nodes are called 'x'/)
    refuse(
      () => start().build('imagee'),
      /Output 'logits' of network 'net' names the node 'imagee'.*Did you mean 'image'/,
    )
    refuse(() => start().build({}), /Network 'net': expected at least one output/)
    refuse(() => parseNetwork({ nodes: 3 }, 'network.json'), /network.json: expected a network definition/)
    refuse(
      () =>
        defineNetwork({
          name: 'n',
          inputs: { image: { shape: [2, 2, 1], dtype: 'float32' } },
          nodes: [{ id: 'a', op: 'relo', attributes: {}, inputs: ['image'] }],
          outputs: { logits: 'a' },
          taps: {},
        }),
      /Unknown op 'relo'.*relu/,
    )
  })
})

describe('apply', () => {
  const network = (() => {
    const g = start([6, 6, 1])
    const x = g.add('bn', batchNorm(), g.add('conv', conv(2), 'image'))
    g.tap('features', x)
    return head(g, g.add('drop', dropout({ rate: 0.5 }), x))
  })()
  const tensors = () => ({
    parameters: initializeParameters(network.parameters, 1),
    statistics: initializeStatistics(network.statistics),
  })
  const images = (seed = 0) => {
    const stream = randomStream(seed)
    return tf.tensor(
      Float32Array.from({ length: 3 * 36 }, () => stream.normal()),
      [3, 6, 6, 1],
    )
  }

  it('moves batch-norm statistics as PyTorch does: unbiased variance, ten per cent of the way', () => {
    const { parameters, statistics } = tensors()
    const random = (node: string) => randomStream(1, node)
    const { statistics: moved } = apply({ network, parameters, statistics }, images(), { training: true, random })
    const y = tf.conv2d(images() as tf.Tensor4D, parameters['conv.weight'] as tf.Tensor4D, 1, 'same')
    const { mean, variance } = tf.moments(y, [0, 1, 2])
    const n = 3 * 36
    const expected = { mean: tf.mul(mean, 0.1), variance: tf.add(0.9, tf.mul(variance, (0.1 * n) / (n - 1))) }
    expect(tf.max(tf.abs(tf.sub(moved['bn.running_mean']!, expected.mean))).dataSync()[0]).toBeLessThan(1e-6)
    expect(tf.max(tf.abs(tf.sub(moved['bn.running_var']!, expected.variance))).dataSync()[0]).toBeLessThan(1e-6)
    expect(statistics['bn.running_var']!.dataSync()[0]).toBe(1)
  })

  it('needs random numbers for dropout in training mode only, and replays them', () => {
    const { parameters, statistics } = tensors()
    const run = (seed: number) =>
      Array.from(
        apply({ network, parameters, statistics }, images(), {
          training: true,
          random: (node) => randomStream(seed, node),
        }).outputs['logits']!.dataSync(),
      )
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
    expect(() => apply({ network, parameters, statistics }, images(), { training: true })).toThrow(
      /'drop' draws random numbers/,
    )
    expect(() => apply({ network, parameters, statistics }, images(), { training: false })).not.toThrow()
  })

  it('returns the requested taps', () => {
    const { parameters, statistics } = tensors()
    const { taps } = apply({ network, parameters, statistics }, images(), { training: false, taps: ['features'] })
    expect(taps['features']!.shape).toEqual([3, 6, 6, 2])
    expect(() => apply({ network, parameters, statistics }, images(), { training: false, taps: ['featres'] })).toThrow(
      /no tap 'featres'.*features/,
    )
  })

  it('refuses images and records that do not fit', () => {
    const { parameters, statistics } = tensors()
    expect(() => apply({ network, parameters, statistics }, tf.zeros([3, 5, 6, 1]), { training: false })).toThrow(
      /'net' reads 'image': expected float32 \[batch, 6, 6, 1\], got float32 \[3, 5, 6, 1\]/,
    )
    expect(() => apply({ network, parameters: {}, statistics }, images(), { training: false })).toThrow(
      /no tensor for 'conv.weight'/,
    )
  })
})

describe('initializeParameters', () => {
  it('draws each parameter from the seed and its own name', () => {
    const g = start()
    const small = head(g, g.add('conv', conv(4), 'image'))
    const h = start()
    const large = head(h, h.add('more', conv(4), h.add('conv', conv(4), 'image')))
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [a, b] = [initializeParameters(small.parameters, seed), initializeParameters(large.parameters, seed)]
        expect(a['conv.weight']!.dataSync()).toEqual(b['conv.weight']!.dataSync())
        tf.dispose([a, b])
      }),
      { numRuns: 10 },
    )
  })
})
