import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { initializeParameters, initializeStatistics } from '../axes/parameters.ts'
import { batchNorm, conv2d, dense, flatten, globalAveragePool, layerNorm, relu, toTokens } from '../ops/index.ts'
import { batchNorm as normalizeBatch } from '../tensor-ops/batch-norm.ts'
import { valueAndGradients } from '../tensor-ops/value-and-gradients.ts'
import { apply } from './apply.ts'
import { freeze } from './freeze.ts'
import { graph, type Graph } from './graph.ts'
import { checkMoments } from './moments.ts'
import type { Network } from './network.ts'
import { parseNetwork, networkDefinition } from './saved-network.ts'
import { widenNetwork } from './widen.ts'

/** A norm, which is called `norm`, behind what makes a value of some shape of the image. */
function behind(inputShape: readonly number[], add: (g: Graph) => string): Network {
  const g = graph({ name: 'net', inputShape })
  const normal = g.add('act', relu(), g.add('norm', batchNorm(), add(g)))
  return g.build(g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), normal)))
}

const conv = (strides: number) => conv2d({ filters: 2, kernelSize: 3, strides, padding: 1 })
const hidden = (g: Graph) => g.add('hidden', dense({ units: 4 }), g.add('flat0', flatten(), 'image'))

/** Values per channel are samples times what stands here: PyTorch's `size[0] · ∏ size[2:]`, refused where it is 1. */
const CASES: readonly [string, Network, number][] = [
  ['a dense layer', behind([2, 2, 1], hidden), 1],
  ['a pooled map', behind([4, 4, 1], (g) => g.add('pool', globalAveragePool(), g.add('conv', conv(1), 'image'))), 1],
  ['a map that strides have made 1 × 1', behind([2, 2, 1], (g) => g.add('conv', conv(2), 'image')), 1],
  ['an image of one pixel', behind([1, 1, 3], () => 'image'), 1],
  ['a map of 1 × 2', behind([2, 4, 1], (g) => g.add('conv', conv(2), 'image')), 2],
  ['a map of 2 × 1', behind([4, 2, 1], (g) => g.add('conv', conv(2), 'image')), 2],
  ['four tokens', behind([2, 2, 1], (g) => g.add('tokens', toTokens(), g.add('conv', conv(1), 'image'))), 4],
]

function model(network: Network) {
  const parameters = initializeParameters(network.parameters, 1)
  return { network, parameters, statistics: initializeStatistics(network.statistics) }
}

const imagesFor = ({ inputs }: Network, samples: number) =>
  tf.randomNormal([samples, ...inputs['image']!.shape], 0, 1, 'float32', 3)

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each(CASES)('a batch norm behind %s', (_, network, values) => {
  it.each([1, 2, 3])(
    'is refused in training for one value per channel, by checkMoments and apply: batch %i',
    (samples) => {
      expect(network.momentsOver).toEqual({ norm: values })
      const run = () => tf.tidy(() => void apply(model(network), imagesFor(network, samples), { training: true }))
      const refused = { code: 'config.invalid', message: expect.stringMatching(/'norm' \(batchNorm\)/) as string }
      for (const call of [() => checkMoments(network, samples), run]) {
        if (samples * values > 1) expect(call).not.toThrow()
        else expect(call).toThrow(expect.objectContaining(refused))
      }
    },
  )

  it('computes in evaluation for one sample', () => {
    tf.tidy(() => {
      const { outputs } = apply(model(network), imagesFor(network, 1), { training: false })
      expect(outputs['logits']!.shape).toEqual([1, 3])
    })
  })
})

it('says what was found, and whose it is', () => {
  expect(() => checkMoments(CASES[2]![1], 1, { owner: 'student' })).toThrow(
    /Node 'norm' \(batchNorm\) of 'student' normalizes by the moments of a batch: expected more than one value per channel, got 1 in a batch of \[1, 1, 1, 2\]\. Use a larger batch/,
  )
})

it('would put out its shift and pass no gradient on: the reason', () => {
  tf.tidy(() => {
    const [scale, shift] = [tf.tensor1d([2, 3]), tf.tensor1d([0.5, -1])]
    const x = tf.tensor2d([[7, -4]])
    const { value, gradients } = valueAndGradients(
      ({ x: seen }) => tf.sum(tf.mul(normalizeBatch(seen, scale, shift, 1e-5).y, [1, 10])) as tf.Scalar,
      { x },
    )
    expect(value.dataSync()[0]).toBeCloseTo(0.5 - 10, 6)
    expect(Array.from(gradients.x!.dataSync()).map(Math.abs)).toEqual([0, 0])
  })
})

describe('checkMoments', () => {
  it('leaves nodes alone that are not computed, until a tap asks for them', () => {
    const g = graph({ name: 'net', inputShape: [2, 2, 1] })
    g.tap('side', g.add('norm', batchNorm(), hidden(g)))
    const network = g.build({ logits: g.add('fc', dense({ units: 3 }), g.add('flat', flatten(), 'image')) })
    expect(() => checkMoments(network, 1)).not.toThrow()
    expect(() => checkMoments(network, 1, { taps: ['side'] })).toThrow(/'norm'/)
    expect(() => checkMoments(network, 1, { outputs: [], taps: ['fc'] })).not.toThrow()
  })

  it('leaves norms in evaluation mode and norms over channels alone', () => {
    const [, network] = CASES[0]!
    expect(freeze(network, 'norm', { mode: 'evaluation' }).momentsOver).toEqual({})
    // Only its parameters are frozen: it still takes the moments of the batch, as in TensorFlow.js and PyTorch.
    expect(() => checkMoments(freeze(network, 'norm'), 1)).toThrow(/'norm'/)
    const g = graph({ name: 'net', inputShape: [2, 2, 1] })
    expect(g.build(g.add('ln', layerNorm(), hidden(g))).momentsOver).toEqual({})
  })

  it('counts the same in a wider network, and in one that was saved', () => {
    const [, network, values] = CASES[4]!
    expect(widenNetwork(network, { conv: 2 }).momentsOver).toEqual({ norm: values })
    expect(parseNetwork(networkDefinition(network), 'test').momentsOver).toEqual({ norm: values })
  })
})
