import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { useBackend } from '../backends/use-backend.ts'
import { add, batchNorm, conv2d, dense, globalAveragePool, relu, valueAndGradients } from '../index.ts'
import { findOp } from '../ops/registry.ts'
import { apply } from './apply.ts'
import { graph } from './graph.ts'
import { initializeParameters, initializeStatistics } from './parameters.ts'
import { planOf } from './plan.ts'
import { IMAGE, type Network } from './network.ts'

/** A residual block with a projection, both of its branches normalized, and one without. */
function residual(): Network {
  const g = graph({ name: 'residual', inputShape: [6, 6, 3] })
  const normed = (name: string, x: string, filters = 8) =>
    g.add(`${name}.bn`, batchNorm(), g.add(name, conv2d({ filters, kernelSize: 3 }), x))
  const stem = g.add('stem.relu', relu(), normed('stem', 'image'))
  const inner = g.add('a.relu', relu(), normed('a', stem))
  const sum = g.add('sum', add(), normed('b', inner), normed('projection', stem))
  const out = g.add('relu', relu(), sum)
  const last = g.add('last', add(), out, normed('c', out))
  g.tap('preactivation', 'sum')
  return g.build(g.add('fc', dense({ units: 4 }), g.add('pool', globalAveragePool(), last)))
}

const stepsOf = (network: Network, ...taps: string[]) =>
  planOf(network, new Set([IMAGE, network.outputs['logits']!, ...taps])).map(
    ({ id, inputs }) => `${inputs.join(' + ')} → ${id}`,
  )

describe('the plan of a network', () => {
  it('takes a norm, the sum and the ReLU behind it together; of two norms in a sum, one', () => {
    expect(stepsOf(residual())).toEqual([
      'image → stem',
      'stem → stem.relu',
      'stem.relu → a',
      'a → a.relu',
      'a.relu → b',
      'stem.relu → projection',
      'projection → projection.bn',
      'b + projection.bn → relu',
      'relu → c',
      'c + relu → last',
      'last → pool',
      'pool → fc',
    ])
  })

  it('keeps what is handed out', () => {
    const steps = stepsOf(residual(), 'sum')
    expect(steps).toContain('b + projection.bn → sum')
    expect(steps).toContain('sum → relu')
  })

  it('takes nothing together that somebody else reads too', () => {
    const g = graph({ name: 'shared', inputShape: [4, 4, 2] })
    const norm = g.add('bn', batchNorm(), 'image')
    const both = g.add('both', add(), g.add('relu', relu(), norm), norm)
    const twice = g.add('twice', add(), g.add('bn2', batchNorm(), both), 'bn2')
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), twice)))
    expect(stepsOf(network)).toEqual([
      'image → bn',
      'bn → relu',
      'relu + bn → both',
      'both → bn2',
      'bn2 + bn2 → twice',
      'twice → pool',
      'pool → fc',
    ])
  })
})

/** One node after the other, by their ops alone. */
function oneByOne(network: Network, parameters: tf.NamedTensorMap, statistics: tf.NamedTensorMap, image: tf.Tensor) {
  const values = new Map([[IMAGE, image]])
  const moved: Record<string, tf.Tensor> = {}
  const own = (id: string, record: tf.NamedTensorMap) =>
    Object.fromEntries(
      Object.entries(record).flatMap(([name, tensor]) =>
        name.startsWith(`${id}.`) ? [[name.slice(id.length + 1), tensor]] : [],
      ),
    )
  for (const { id, op, attributes, inputs } of network.nodes) {
    const result = findOp(op).apply({
      attributes,
      inputs: inputs.map((input) => values.get(input)!),
      parameters: own(id, parameters),
      statistics: own(id, statistics),
      training: true,
      random: () => {
        throw new Error('draws nothing')
      },
      update: (statistic, value) => (moved[`${id}.${statistic}`] = value),
    })
    values.set(id, result)
  }
  return { logits: values.get(network.outputs['logits']!)!, statistics: moved }
}

describe.each(['cpu', 'wasm'] as const)('a network computed by its plan on %s', (backend) => {
  beforeAll(() => useBackend(backend))

  it('has the values, statistics and gradients of its nodes one by one', () => {
    tf.tidy(() => {
      const network = residual()
      const parameters = initializeParameters(network.parameters, 1)
      const statistics = initializeStatistics(network.statistics)
      const x = tf.randomNormal([4, 6, 6, 3], 0, 1, 'float32', 5)
      const planned = apply({ network, parameters, statistics }, x, { training: true })
      const plain = oneByOne(network, parameters, statistics, x)
      expect(planned.outputs['logits']!.dataSync()).toEqual(plain.logits.dataSync())
      expect(Object.keys(planned.statistics).sort()).toEqual(Object.keys(plain.statistics).sort())
      for (const [name, tensor] of Object.entries(planned.statistics))
        expect(tensor.dataSync(), name).toEqual(plain.statistics[name]!.dataSync())

      const gradients = (f: (p: tf.NamedTensorMap) => tf.Tensor) =>
        valueAndGradients((p) => tf.sum(tf.square(f(p as tf.NamedTensorMap))), parameters).gradients
      const [a, b] = [
        gradients((p) => apply({ network, parameters: p, statistics }, x, { training: true }).outputs['logits']!),
        gradients((p) => oneByOne(network, p, statistics, x).logits),
      ]
      for (const name of Object.keys(parameters)) expect(a[name]!.dataSync(), name).toEqual(b[name]!.dataSync())
    })
  })

  it('does not hide numbers that are not finite', () => {
    const network = residual()
    const parameters = initializeParameters(network.parameters, 1)
    const statistics = initializeStatistics(network.statistics)
    const x = tf.fill([4, 6, 6, 3], NaN)
    const { outputs } = apply({ network, parameters, statistics }, x, { training: true })
    expect([...outputs['logits']!.dataSync()].every(Number.isNaN)).toBe(true)
  })
})
