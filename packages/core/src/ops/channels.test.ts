import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { predict } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { widenNetwork } from '../network/widen.ts'
import { average, channelShuffle, channelSplit, concat, conv2d, dense, globalAveragePool, relu6 } from './index.ts'
import type { OpCall } from './op.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** The result of an op for vectors of channels, for the copies in its attributes. */
function run(op: OpCall, ...inputs: readonly (readonly number[])[]): number[] {
  const g = graph({ name: 'one', inputShape: [inputs.reduce((sum, { length }) => sum + length, 0)] })
  const parts = inputs.map((values, i) => {
    const start = inputs.slice(0, i).reduce((sum, { length }) => sum + length, 0)
    const pick = values.map((_, j) => start + j)
    return { id: g.add(`in${i}`, dense({ units: values.length, useBias: false }), 'image'), pick }
  })
  const network = g.build(g.add('out', op, ...parts.map(({ id }) => id)))
  return tf.tidy(() => {
    const all = inputs.flat()
    // Kernels that pick each input's own stretch of the image.
    const parameters = Object.fromEntries(
      parts.map(({ id, pick }) => [
        `${id}.weight`,
        tf.tensor2d(all.map((_, row) => pick.map((column) => (row === column ? 1 : 0)))),
      ]),
    )
    return Array.from(predict({ network, parameters, statistics: {} }, tf.tensor2d([all])).dataSync())
  })
}

describe('ops on channels', () => {
  it('channelShuffle takes the channels of its branches in turn', () => {
    expect(run(channelShuffle(), [1, 2, 3], [4, 5, 6])).toEqual([1, 4, 2, 5, 3, 6])
    expect(run(channelShuffle(), [1, 2], [3, 4], [5, 6])).toEqual([1, 3, 5, 2, 4, 6])
  })

  it('channelShuffle of copies is copies of the shuffled channels', () =>
    expect(run(channelShuffle(), [1, 2, 1, 2], [3, 4, 3, 4])).toEqual([1, 3, 2, 4, 1, 3, 2, 4]))

  it('channelSplit takes one part, of every copy', () => {
    expect(run(channelSplit({ index: 0 }), [1, 2, 3, 4])).toEqual([1, 2])
    expect(run(channelSplit({ index: 2, parts: 3 }), [1, 2, 3, 4, 5, 6])).toEqual([5, 6])
    expect(run(channelSplit({ index: 1, copies: 2 }), [1, 2, 3, 4, 1, 2, 3, 4])).toEqual([3, 4, 3, 4])
  })

  it('average is the mean of its inputs', () => {
    expect(run(average(), [1, 2], [3, 6])).toEqual([2, 4])
    expect(run(average(), [3, 0], [3, 0], [9, 3])).toEqual([5, 1])
  })

  it('relu6 cuts at 0 and at 6, and passes gradients in between', () => {
    expect(run(relu6(), [-1, 0.5, 6, 7])).toEqual([0, 0.5, 6, 6])
    const { apply: f } = relu6
    const gradient = tf.grad((x) => f({ inputs: [x] } as never))
    expect(Array.from(gradient(tf.tensor1d([-1, 0.5, 5.9, 7])).dataSync())).toEqual([0, 1, 1, 0])
  })

  it('refuse what does not fit, naming the node', () => {
    expect(() => run(channelShuffle(), [1, 2], [3])).toThrow(
      /'out': expected branches of one shape, got \[2\] and \[1\]/,
    )
    expect(() => run(average(), [1, 2], [3])).toThrow(/'out': expected inputs of one shape/)
    expect(() => run(channelSplit({ index: 0 }), [1, 2, 3])).toThrow(/'out': .* divide into 2 parts, got part 0 of 3/)
    expect(() => run(channelSplit({ index: 2 }), [1, 2])).toThrow(/'out': .* got part 2 of 2/)
  })
})

describe('channel groups', () => {
  function shuffled() {
    const g = graph({ name: 'shuffled', inputShape: [4, 4, 3] })
    const stem = g.add('stem', conv2d({ filters: 4, kernelSize: 1 }), 'image')
    const right = g.add(
      'right',
      conv2d({ filters: 2, kernelSize: 1 }),
      g.add('split1', channelSplit({ index: 1 }), stem),
    )
    return { g, x: g.add('shuffle', channelShuffle(), g.add('split0', channelSplit({ index: 0 }), stem), right) }
  }

  it('tie what is split and what is shuffled into one, which can be widened', () => {
    const { g, x } = shuffled()
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), x)))
    expect(network.groups).toEqual(['stem'])
    expect(network.channels['shuffle']).toEqual([{ size: 4, group: 'stem', repeat: 1 }])
    const wide = widenNetwork(network, { stem: 3 })
    expect(wide.shapes['split1']).toEqual([4, 4, 6])
    expect(wide.nodes.find(({ id }) => id === 'split1')!.attributes['copies']).toBe(3)
  })

  it('keep the number of channels where copies would not stand side by side', () => {
    const { g, x } = shuffled()
    const both = g.add('both', concat(), x, g.add('other', conv2d({ filters: 2, kernelSize: 1 }), 'image'))
    const half = g.add('half', channelSplit({ index: 0 }), both)
    const network = g.build(g.add('fc', dense({ units: 2 }), g.add('pool', globalAveragePool(), half)))
    expect(network.groups).toEqual([])
  })
})
