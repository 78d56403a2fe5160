import * as tf from '@tensorflow/tfjs'
import type { ConformanceCase } from './case.ts'

/** Operations that core composes; nothing is repaired for them, so nothing may break them. */
export const composedCases: readonly ConformanceCase[] = [
  { name: 'softmax', inputs: { x: { shape: [4, 7] } }, f: ({ x }) => tf.softmax(x!) },
  { name: 'logSoftmax', inputs: { x: { shape: [4, 7] } }, f: ({ x }) => tf.logSoftmax(x!) },
  {
    name: 'layer normalization',
    inputs: { x: { shape: [3, 4, 8] } },
    f: ({ x }) => {
      const { mean, variance } = tf.moments(x!, -1, true)
      return tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, 1e-3)))
    },
  },
  {
    name: 'gelu of tf operations',
    inputs: { x: { shape: [5, 6] } },
    f: ({ x }) => tf.mul(tf.mul(x!, 0.5), tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1)),
  },
  {
    name: 'multiply with broadcasting',
    inputs: { a: { shape: [3, 4, 5] }, b: { shape: [4, 1] } },
    f: ({ a, b }) => tf.mul(a!, b!),
  },
  {
    name: 'pad, slice, transpose',
    inputs: { x: { shape: [3, 4, 5] } },
    f: ({ x }) =>
      tf.transpose(
        tf.slice(
          tf.pad(x!, [
            [0, 1],
            [2, 0],
            [1, 1],
          ]),
          [1, 1, 0],
          [3, 4, 6],
        ),
        [2, 0, 1],
      ),
  },
  {
    name: 'slice of inner axes',
    inputs: { x: { shape: [3, 4, 5, 6] } },
    f: ({ x }) => tf.slice(x!, [1, 0, 2, 0], [2, 4, 2, 6]),
  },
  {
    name: 'split into unequal parts',
    inputs: { x: { shape: [3, 9, 2] } },
    f: ({ x }) => tf.concat([...tf.split(x!, [2, 3, 4], 1)].reverse(), 1),
  },
  {
    name: 'logarithm of a sum of exponentials',
    inputs: { x: { shape: [4, 5, 3] } },
    f: ({ x }) => tf.logSumExp(x!, 1),
  },
  {
    name: 'quotient of norms',
    inputs: { a: { shape: [4, 6], filling: 'positive' }, b: { shape: [4, 6], filling: 'positive' } },
    f: ({ a, b }) => tf.div(tf.sum(tf.mul(a!, b!), -1), tf.mul(tf.norm(a!, 2, -1), tf.norm(b!, 2, -1))),
  },
]
