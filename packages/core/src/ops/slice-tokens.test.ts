import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { sliceTokens } from './slice-tokens.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const start = () => graph({ name: 'n', inputs: { x: { shape: [4, 2], dtype: 'float32' } } })
const inputs = () => ({ x: tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2]) })

describe('sliceTokens', () => {
  it('takes tokens that stand next to each other', () => {
    const g = start()
    const network = g.build(g.add('some', sliceTokens({ from: 1, count: 2 }), 'x'))
    expect(predict({ network, parameters: {}, statistics: {} }, inputs()).arraySync()).toEqual([[[3, 4], [5, 6]]]) // prettier-ignore
  })

  it.each([
    [-1, 2, /sliceTokens: from: expected a whole number of at least 0, got -1/],
    [0, 0, /sliceTokens: count: expected a whole number of at least 1, got 0/],
    [3, 2, /Node 'some'.*got \[4, 2\]/],
  ])('refuses %d and %d out of four', (from, count, message) => {
    const g = start()
    expect(() => g.build(g.add('some', sliceTokens({ from, count }), 'x'))).toThrow(message)
  })
})
