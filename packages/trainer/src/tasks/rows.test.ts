import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { classification } from './classification.ts'
import { rowsOf } from './rows.ts'

beforeAll(() => tf.setBackend('cpu'))

const of = (rows: Readonly<Record<string, tf.Tensor>>) =>
  rowsOf({ ...classification(), rows: () => rows as { logits: tf.Tensor; labels: tf.Tensor } }, {}, {})

describe('rows of a task', () => {
  const logits = tf.zeros([4, 3])
  const labels = tf.zeros([4], 'int32')

  it('may have any type of the compiler, if their shapes fit', () => {
    expect(of({ logits, labels }).logits).toBe(logits)
    expect(of({ logits, labels: tf.zeros([4, 3]) }).labels.shape).toEqual([4, 3])
    expect(of({ logits, labels, weights: tf.ones([4]) }).weights!.shape).toEqual([4])
  })

  it.each([
    {
      fault: 'logits with a token axis',
      rows: { logits: tf.zeros([2, 2, 3]), labels },
      message: /logits of shape \[rows, classes\], got \[2, 2, 3\]/,
    },
    {
      fault: 'labels of other rows',
      rows: { logits, labels: tf.zeros([3], 'int32') },
      message: /labels of shape \[4\] or \[4, classes\], got \[3\]/,
    },
    { fault: 'a single label', rows: { logits, labels: tf.scalar(1, 'int32') }, message: /got \[\]/ },
    {
      fault: 'weights of other rows',
      rows: { logits, labels, weights: tf.ones([4, 1]) },
      message: /weights of shape \[4\], got \[4, 1\]/,
    },
  ])('are refused with $fault', ({ rows, message }) => {
    expect(() => of(rows)).toThrow(message)
    expect(() => of(rows)).toThrow(expect.objectContaining({ code: 'plugin.invalid' }))
  })
})
