import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { conv2d } from './conv2d.ts'
import { gate } from './gate.ts'
import { globalAveragePool } from './pooling.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('gate', () => {
  it('multiplies the channels of each position by one number', () => {
    const g = graph({
      name: 'n',
      inputs: { x: { shape: [1, 2, 2], dtype: 'float32' }, rate: { shape: [1, 2, 1], dtype: 'float32' } },
    })
    const network = g.build(g.add('gated', gate(), 'x', 'rate'))
    const inputs = { x: tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]), rate: tf.tensor4d([10, -1], [1, 1, 2, 1]) }
    expect([...predict({ network, parameters: {}, statistics: {} }, inputs).dataSync()]).toEqual([10, 20, -3, -4])
  })

  it('lets the channels be expanded, the numbers not', () => {
    const g = graph({ name: 'n', inputShape: [4, 4, 2] })
    const x = g.add('x', conv2d({ filters: 3, kernelSize: 1 }), 'image')
    const gated = g.add('gated', gate(), x, g.add('rate', conv2d({ filters: 1, kernelSize: 1 }), x))
    const network = g.build(
      g.add('pool', globalAveragePool(), g.add('last', conv2d({ filters: 2, kernelSize: 1 }), gated)),
    )
    expect(network.groups).toEqual(['x'])
    expect(network.channels['gated']).toEqual([{ size: 3, group: 'x', repeat: 1 }])
  })

  it('refuses numbers that are not one for each position', () => {
    const g = graph({ name: 'n', inputShape: [4, 4, 2] })
    expect(() => g.build(g.add('gated', gate(), 'image', 'image'))).toThrow(
      /Node 'gated': expected one number for each position/,
    )
  })
})
