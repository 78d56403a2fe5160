import * as tf from '@tensorflow/tfjs'
import { fixedAxis, inputAxis, outputAxis, type Axis } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expansionNoise } from './noise.ts'

const group = (name: string, size: number) => [{ size, group: name, repeat: 1 }]
const axes: Axis[] = [fixedAxis(3), inputAxis(group('a', 2)), outputAxis(group('b', 4))]

const blocksOf = (noise: tf.Tensor, ratio: { a: number; b: number }) =>
  tf.split(noise, ratio.a, 1).map((rows) => tf.split(rows, ratio.b, 2))

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('expansionNoise', () => {
  it.each([
    [2, 1],
    [2, 2],
    [3, 2],
    [3, 3],
  ])('sums to zero over %i copies of the input and leaves the student alone (outputs × %i)', (a, b) => {
    const noise = expansionNoise('w', axes, { a, b }, { kind: 'zero-sum', deviation: 1 }, 3)!
    expect(noise.shape).toEqual([3, 2 * a, 4 * b])
    const blocks = blocksOf(noise, { a, b })
    expect(tf.max(tf.abs(blocks[0]![0]!)).dataSync()[0]).toBe(0)
    for (let out = 0; out < b; out++) {
      const sum = tf.addN(blocks.map((row) => row[out]!))
      expect(tf.max(tf.abs(sum)).dataSync()[0]).toBeLessThan(1e-6)
    }
  })

  it('makes all copies of an output with several inputs differ', () => {
    const blocks = blocksOf(expansionNoise('w', axes, { a: 3, b: 3 }, { kind: 'zero-sum', deviation: 1 }, 3)!, {
      a: 3,
      b: 3,
    })
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [0, 2],
    ] as const) {
      const apart = tf.max(tf.abs(tf.sub(blocks[1]![i]!, blocks[1]![j]!))).dataSync()[0]!
      expect(apart).toBeGreaterThan(0.1)
    }
  })

  it('is independent everywhere in the iid kind, with the given deviation', () => {
    const large: Axis[] = [inputAxis(group('a', 100)), outputAxis(group('b', 100))]
    const noise = expansionNoise('w', large, { a: 2, b: 2 }, { kind: 'iid', deviation: 0.5 }, 3)!
    const { mean, variance } = tf.moments(noise)
    expect(Math.abs(mean.dataSync()[0]!)).toBeLessThan(0.01)
    expect(Math.sqrt(variance.dataSync()[0]!)).toBeCloseTo(0.5, 2)
    expect(tf.max(tf.abs(tf.slice(noise, [0, 0], [100, 100]))).dataSync()[0]).toBeGreaterThan(1)
  })

  it('leaves out what has no input channels to spread over', () => {
    expect(expansionNoise('b', [outputAxis(group('b', 4))], { b: 2 }, { kind: 'iid', deviation: 1 }, 3)).toBeUndefined()
    expect(expansionNoise('w', axes, { b: 2 }, { kind: 'zero-sum', deviation: 1 }, 3)).toBeUndefined()
  })
})
