import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { apply } from '../network/apply.ts'
import { graph } from '../network/graph.ts'
import { flatten } from './pooling.ts'
import { adaptiveAveragePool, resizeNearest } from './resize.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** `1², 2², … 15²` as a map of 3×5, and its negative as a second channel. */
const squares = () =>
  tf.tensor4d(Array.from({ length: 15 }, (_, i) => [(i + 1) ** 2, -((i + 1) ** 2)]).flat(), [1, 3, 5, 2])

function pooled(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const g = graph({ name: 'n', inputShape: x.shape.slice(1) })
  const network = g.build(g.add('flat', flatten(), g.add('pool', adaptiveAveragePool({ height, width }), 'image')))
  return apply({ network, parameters: {}, statistics: {} }, x as tf.Tensor4D, { training: true }).outputs['logits']!
}

const firstChannel = (y: tf.Tensor) => Array.from(y.dataSync()).filter((_, i) => i % 2 === 0)

// Numbers of torch.nn.functional.adaptive_avg_pool2d.
const SMALLER = [22.5, 37.166668, 55.5, 87.5, 117.166664, 150.5]
const LARGER = [
  [1, 2.5, 6.5, 9, 12.5, 20.5, 25],
  [18.5, 22.5, 31.5, 36.5, 42.5, 55.5, 62.5],
  [78.5, 87.5, 106.5, 116.5, 127.5, 150.5, 162.5],
  [121, 132.5, 156.5, 169, 182.5, 210.5, 225],
].flat()

describe('adaptiveAveragePool', () => {
  it.each([
    ['overlapping windows', 2, 3, SMALLER],
    ['repeated pixels', 4, 7, LARGER],
    ['the same size', 3, 5, Array.from({ length: 15 }, (_, i) => (i + 1) ** 2)],
  ])('has PyTorch’s means with %s', (_, height, width, expected) => {
    const y = pooled(squares(), height, width)
    const gap = firstChannel(y).map((value, i) => Math.abs(value - expected[i]!) / 225)
    expect(gap).toHaveLength(height * width)
    expect(Math.max(...gap)).toBeLessThan(1e-6)
    const values = Array.from(y.dataSync())
    expect(values.filter((__, i) => i % 2 === 1)).toEqual(firstChannel(y).map((value) => -value))
  })

  it('has PyTorch’s gradient', () => {
    const weights = tf.tensor2d([[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]])
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(pooled(x, 2, 3), weights)))(squares())
    const expected = [
      [1 / 4, 7 / 12, 1 / 3, 13 / 12, 3 / 4],
      [5 / 4, 29 / 12, 7 / 6, 41 / 12, 9 / 4],
      [1, 11 / 6, 5 / 6, 7 / 3, 3 / 2],
    ].flat()
    firstChannel(gradient).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))
  })

  it('refuses what is no image', () => {
    const g = graph({ name: 'n', inputShape: [4] })
    expect(() => g.build(g.add('pool', adaptiveAveragePool({ height: 1, width: 1 }), 'image'))).toThrow(
      /'pool': expected an image/,
    )
  })
})

describe('resizeNearest', () => {
  const resized = (x: tf.Tensor, height: number, width: number): tf.Tensor => {
    const g = graph({ name: 'n', inputShape: x.shape.slice(1) })
    const network = g.build(g.add('resized', resizeNearest({ height, width }), 'image'))
    return apply({ network, parameters: {}, statistics: {} }, x, { training: true }).outputs['logits']!
  }

  it('copies the nearest position, of the same size all of them', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1])
    expect([...resized(x, 4, 3).dataSync()]).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    expect([...resized(x, 1, 2).dataSync()]).toEqual([1, 2])
    expect([...resized(x, 2, 3).dataSync()]).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('has a gradient that adds up over the copies', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 2, 3, 1])
    const gradient = tf.grad((map: tf.Tensor) =>
      tf.sum(tf.mul(resized(map, 4, 3), tf.range(0, 12).reshape([1, 4, 3, 1]))),
    )(x)
    expect([...gradient.dataSync()]).toEqual([3, 5, 7, 15, 17, 19])
  })
})
