import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { conv2d } from './conv2d.ts'
import { globalAveragePool } from './pooling.ts'
import { spaceToDepth } from './space-to-depth.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const blocks = (inputShape: readonly number[], size?: number) => {
  const g = graph({ name: 'n', inputShape })
  return g.build(g.add('blocks', spaceToDepth(size === undefined ? {} : { size }), 'image'))
}

describe('spaceToDepth', () => {
  it('puts the rows of a block side by side, each position with its channels', () => {
    // Position (row, column) holds the numbers 10 · row + column and its negative.
    const values = [0, 1, 2, 3].flatMap((row) => [0, 1].flatMap((column) => [10 * row + column, -10 * row - column]))
    const y = predict({ network: blocks([4, 2, 2]), parameters: {}, statistics: {} }, tf.tensor4d(values, [1, 4, 2, 2]))
    expect(y.shape).toEqual([1, 2, 1, 8])
    expect([...y.dataSync()].map((value) => value + 0)).toEqual([
      ...[0, 0, 1, -1, 10, -10, 11, -11],
      ...[20, -20, 21, -21, 30, -30, 31, -31],
    ])
  })

  it('keeps the channels of each position in their group', () => {
    const g = graph({ name: 'n', inputShape: [4, 4, 2] })
    const merged = g.add('blocks', spaceToDepth(), g.add('a', conv2d({ filters: 3, kernelSize: 1 }), 'image'))
    const network = g.build(
      g.add('pool', globalAveragePool(), g.add('b', conv2d({ filters: 2, kernelSize: 1 }), merged)),
    )
    expect(network.channels['blocks']).toEqual(Array(4).fill({ size: 3, group: 'a', repeat: 1 }))
    expect(network.groups).toEqual(['a'])
    expect(network.parameters.find(({ name }) => name === 'b.weight')?.shape).toEqual([1, 1, 12, 2])
  })

  it('refuses what does not divide into blocks', () => {
    expect(() => blocks([4, 3, 1])).toThrow(
      /Node 'blocks': expected an image that divides into blocks of 2×2, got \[4, 3, 1\]/,
    )
    expect(() => blocks([4, 4, 1], 3)).toThrow(/3×3/)
    expect(() => blocks([4, 4])).toThrow(/expected an image/)
  })
})
