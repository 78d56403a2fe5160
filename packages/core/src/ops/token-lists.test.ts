import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { dense } from './dense.ts'
import { concatTokens, sliceTokens } from './token-lists.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const start = (shape: readonly number[] = [4, 2]) =>
  graph({ name: 'n', inputs: { x: { shape, dtype: 'float32' }, y: { shape: [1, 2], dtype: 'float32' } } })
const inputs = () => ({ x: tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2]), y: tf.tensor3d([9, 10], [1, 1, 2]) })

describe('sliceTokens', () => {
  it('takes tokens that stand next to each other', () => {
    const g = start()
    const network = g.build(g.add('some', sliceTokens({ from: 1, count: 2 }), 'x'))
    expect(predict({ network, parameters: {}, statistics: {} }, inputs()).arraySync()).toEqual([[[3, 4], [5, 6]]]) // prettier-ignore
  })

  it.each([
    [-1, 2],
    [0, 0],
    [3, 2],
  ])('refuses %d and %d out of four', (from, count) => {
    const g = start()
    expect(() => g.build(g.add('some', sliceTokens({ from, count }), 'x'))).toThrow(/Node 'some'.*got \[4, 2\]/)
  })
})

describe('concatTokens', () => {
  it('puts tokens behind tokens', () => {
    const g = start()
    const network = g.build(g.add('all', concatTokens(), 'y', 'x'))
    expect(network.shapes['all']).toEqual([5, 2])
    expect([...predict({ network, parameters: {}, statistics: {} }, inputs()).dataSync()]).toEqual([
      9, 10, 1, 2, 3, 4, 5, 6, 7, 8,
    ])
  })

  it('makes their channel groups one', () => {
    const g = start()
    const [a, b] = [g.add('a', dense({ units: 3 }), 'x'), g.add('b', dense({ units: 3 }), 'y')]
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('all', concatTokens(), a, b)))
    expect(network.groups).toEqual(['a'])
    expect(network.channels['b']).toEqual([{ size: 3, group: 'a', repeat: 1 }])
  })

  it('refuses other widths', () => {
    const g = start([4, 3])
    expect(() => g.build(g.add('all', concatTokens(), 'x', 'y'))).toThrow(/as many channels, got \[4, 3\] and \[1, 2\]/)
  })
})
