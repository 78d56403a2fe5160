import * as tf from '@tensorflow/tfjs'
import { channelAxis, fixedAxis, inputAxis, outputAxis, type Axis } from '@gpdjs/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { leadingBlock } from './leading-block.ts'

const plain = (group: string, size: number) => [{ size, group, repeat: 1 }]

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('leadingBlock', () => {
  it('takes the first copy along every expanded axis', () => {
    const axes: Axis[] = [inputAxis(plain('a', 2)), outputAxis(plain('b', 1))]
    const wide = tf.tensor2d([
      [1, 9],
      [2, 9],
      [9, 9],
      [9, 9],
    ])
    expect(leadingBlock(wide, axes, { a: 2, b: 2 }).arraySync()).toEqual([[1], [2]])
  })

  it('gives back the very tensor where nothing is expanded', () => {
    const x = tf.tensor1d([1, 2])
    expect(leadingBlock(x, [channelAxis(plain('a', 2))], { a: 1 })).toBe(x)
    expect(leadingBlock(x, [fixedAxis(2)], { a: 3 })).toBe(x)
  })

  it('looks inside each repeat of a flattened map', () => {
    const axes: Axis[] = [inputAxis([{ size: 4, group: 'a', repeat: 2 }])]
    expect(leadingBlock(tf.tensor1d([1, 2, 9, 9, 3, 4, 9, 9]), axes, { a: 2 }).arraySync()).toEqual([1, 2, 3, 4])
  })

  it('looks inside each part of a concatenation', () => {
    const axes: Axis[] = [channelAxis([...plain('a', 1), ...plain('b', 2)])]
    expect(leadingBlock(tf.tensor1d([1, 9, 9, 2, 3]), axes, { a: 3, b: 1 }).arraySync()).toEqual([1, 2, 3])
  })

  it('sends its gradient to the block it took', () => {
    const axes: Axis[] = [outputAxis(plain('a', 2))]
    const gradient = tf.grad((x) => tf.sum(tf.mul(leadingBlock(x, axes, { a: 2 }), [3, 5])))(tf.tensor1d([1, 2, 3, 4]))
    expect(gradient.arraySync()).toEqual([3, 5, 0, 0])
  })
})
