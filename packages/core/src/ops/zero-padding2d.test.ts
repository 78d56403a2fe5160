import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { conv2d } from './conv2d.ts'
import { flatten } from './pooling.ts'
import { zeroPadding2d, type ZeroPadding2dAttributes } from './zero-padding2d.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const padding = (attributes: ZeroPadding2dAttributes) => {
  const g = graph({ name: 'n', inputShape: [1, 2, 1] })
  return g.build(g.add('flat', flatten(), g.add('pad', zeroPadding2d(attributes), 'image')))
}

describe('zeroPadding2d', () => {
  it('puts a number of zeros of its own on each side', () => {
    const network = padding({ rows: [1, 0], columns: [0, 2] })
    const logits = predict({ network, parameters: {}, statistics: {} }, tf.tensor4d([5, 7], [1, 1, 2, 1]))
    expect(Array.from(logits.dataSync())).toEqual([0, 0, 0, 0, 5, 7, 0, 0])
    expect(network.shapes['pad']).toEqual([2, 4, 1])
  })

  it('leaves channels in their group', () => {
    const g = graph({ name: 'n', inputShape: [4, 4, 2] })
    const padded = g.add(
      'pad',
      zeroPadding2d({ rows: [0, 1], columns: [0, 1] }),
      g.add('a', conv2d({ filters: 3, kernelSize: 1 }), 'image'),
    )
    const network = g.build(
      g.add('flat', flatten(), g.add('b', conv2d({ filters: 2, kernelSize: 5, padding: 'valid' }), padded)),
    )
    expect(network.channels['pad']).toEqual([{ size: 3, group: 'a', repeat: 1 }])
    expect(network.groups).toEqual(['a'])
  })

  it('refuses negative sizes', () => {
    expect(() => padding({ rows: [0, -1], columns: [0, 0] })).toThrow(
      'zeroPadding2d: rows.1: expected a whole number of at least 0, got -1.',
    )
  })
})
