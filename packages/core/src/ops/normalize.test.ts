import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { widenNetwork } from '../network/widen.ts'
import { concat, conv2d, dense, flatten, globalAveragePool, rescale, softmax } from './index.ts'
import { normalize } from './normalize.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const moments = { mean: [0.485, 0.456, 0], deviation: [0.229, 0.224, -2] }

describe('normalize', () => {
  it('subtracts the mean and divides by the deviation, channel by channel', () => {
    const g = graph({ name: 'pixels', inputShape: [1, 2, 3] })
    const network = g.build(g.add('flat', flatten(), g.add('normal', normalize(moments), 'image')))
    const pixels = [0.485, 0.68, 2, 0, 1, -4]
    const expected = [0, 0.224 / 0.224, -1, -0.485 / 0.229, 0.544 / 0.224, 2]
    const found = predict({ network, parameters: {}, statistics: {} }, tf.tensor4d(pixels, [1, 1, 2, 3])).dataSync()
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6))
  })

  it('refuses what cannot be divided by, and lists of different length', () => {
    for (const deviation of [[0], [NaN], [Infinity], [1e-310], [1, 1]])
      expect(() => normalize({ mean: [0], deviation })).toThrow(/normalize: expected as many finite means as/)
    expect(() => normalize({ mean: [NaN], deviation: [1] })).toThrow(/got means \[NaN\]/)
  })
})

describe('rescale in a network that is widened', () => {
  const line = (width: number) =>
    rescale({
      factor: Array.from({ length: width }, (_, i) => i + 1),
      shift: Array.from({ length: width }, (_, i) => -i),
    })

  it('repeats its constants with the channels it reads', () => {
    const g = graph({ name: 'inside', inputShape: [2, 2, 3] })
    const inside = g.add('line', line(2), g.add('conv', conv2d({ filters: 2, kernelSize: 1 }), 'image'))
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), inside)))
    expect(network.groups).toEqual(['conv'])
    const wide = widenNetwork(network, { conv: 3 })
    expect(wide.nodes[1]!.attributes).toEqual({ factor: [1, 2, 1, 2, 1, 2], shift: [-0, -1, -0, -1, -0, -1] })
  })

  it('keeps their number where copies do not stand side by side', () => {
    const groups = (kind: 'flat' | 'both') => {
      const g = graph({ name: kind, inputShape: [2, 2, 3] })
      const [a, b] = ['a', 'b'].map((id) => g.add(id, conv2d({ filters: 2, kernelSize: 1 }), 'image')) as [
        string,
        string,
      ]
      const mixed = { flat: () => g.add('flat', flatten(), a), both: () => g.add('both', concat(), a, b) }[kind]()
      const read =
        kind === 'flat'
          ? g.add('line', line(8), mixed)
          : g.add('mean', globalAveragePool(), g.add('line', line(4), mixed))
      return g.build(g.add('fc', dense({ units: 2 }), read)).groups
    }
    // `b` is not read where the map is flattened.
    expect(groups('flat')).toEqual(['b'])
    expect(groups('both')).toEqual([])
  })
})

it('softmax gives shares that add to one, for large numbers too, and keeps its channels', () => {
  const g = graph({ name: 'shares', inputShape: [1, 1, 3] })
  const hidden = g.add('hidden', dense({ units: 3 }), g.add('flat', flatten(), 'image'))
  const network = g.build(g.add('shares', softmax(), hidden))
  expect(network.groups).toEqual([])
  const parameters = { 'hidden.weight': tf.eye(3), 'hidden.bias': tf.zeros([3]) }
  const x = tf.tensor4d([Math.log(1), Math.log(2), Math.log(5), 1000, 1000, 0], [2, 1, 1, 3])
  const found = predict({ network, parameters, statistics: {} }, x).dataSync()
  ;[1 / 8, 2 / 8, 5 / 8, 0.5, 0.5, 0].forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6))
})
