import { describe, expect, it } from 'vitest'
import { add, batchNorm, conv2d, dense, globalAveragePool, relu, toMap } from '../index.ts'
import { graph } from './graph.ts'
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

  it('fuses no norm with a sum in which it stands for several positions, or another input does', () => {
    const g = graph({ name: 'broadcast', inputShape: [4, 4, 2] })
    const small = g.add('map', toMap({ height: 1, width: 1 }), g.add('pool', globalAveragePool(), 'image'))
    const wide = g.add('wide', add(), g.add('bn', batchNorm(), 'image'), small)
    const sum = g.add('sum', add(), wide, g.add('bn2', batchNorm(), small))
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('out', globalAveragePool(), sum)))
    const steps = stepsOf(network)
    expect(steps).toContain('bn + map → wide')
    expect(steps).toContain('wide + bn2 → sum')
  })

  it('fuses no nodes whose result another node reads too', () => {
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
