import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase } from './case.ts'

/** Shapes and the orders their axes are put in: rows that stay whole, planes turned, both among other axes, and nothing. */
const TRANSPOSES: readonly (readonly [shape: readonly number[], order: readonly number[]])[] = [
  [
    [7, 5],
    [1, 0],
  ],
  [
    [3, 9],
    [1, 0],
  ],
  [
    [5, 1],
    [1, 0],
  ],
  [
    [4, 5, 6],
    [0, 2, 1],
  ],
  [
    [4, 5, 6],
    [1, 0, 2],
  ],
  [
    [4, 5, 6],
    [2, 1, 0],
  ],
  [
    [4, 5, 6],
    [1, 2, 0],
  ],
  [
    [2, 5, 3, 7],
    [0, 2, 1, 3],
  ],
  [
    [2, 5, 3, 7],
    [0, 3, 1, 2],
  ],
  [
    [2, 5, 3, 7],
    [3, 2, 0, 1],
  ],
  [
    [2, 5, 1, 7],
    [3, 0, 2, 1],
  ],
  [
    [2, 5, 3, 7],
    [1, 3, 0, 2],
  ],
  [
    [2, 5, 2, 3, 3, 4],
    [3, 0, 2, 4, 1, 5],
  ],
  [
    [2, 3, 2, 3, 2, 5],
    [5, 3, 1, 4, 2, 0],
  ],
]

const transposition = ([shape, order]: (typeof TRANSPOSES)[number]): ConformanceCase => ({
  name: `transpose ${describe(shape, order)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.square(tf.transpose(x!, [...order])),
})

/** Operations that put numbers elsewhere, and those that only see them in another shape. */
export const shapeCases: readonly ConformanceCase[] = [
  ...TRANSPOSES.map(transposition),
  transposition([
    [0, 5, 3],
    [2, 0, 1],
  ]),
  ...[0, 1, -1].map((axis): ConformanceCase => ({
    name: `unstack along axis ${axis}`,
    inputs: { x: { shape: [3, 4, 5] } },
    f: ({ x }) => tf.concat(tf.unstack(x!, axis).map((part, i) => tf.mul(part, i + 1))),
  })),
  {
    name: 'unstack of one',
    inputs: { x: { shape: [1, 4] } },
    f: ({ x }) => tf.square(tf.unstack(x!)[0]!),
    fails: ['gradient Unpack'],
  },
  {
    name: 'split into one part',
    inputs: { x: { shape: [4, 3] } },
    f: ({ x }) => tf.square(tf.split(x!, [4], 0)[0]!),
    fails: ['gradient SplitV'],
  },
  ...[
    [
      [3, 4, 5],
      [15, -1],
    ],
    [
      [3, 4, 5],
      [3, 4, 5],
    ],
    [[1, 1], []],
    [
      [3, 0, 5],
      [0, 7],
    ],
  ].map(([from, to]): ConformanceCase => ({
    name: `reshape ${describe(from, to)}`,
    inputs: { x: { shape: from! } },
    // The square of the reshaped one must not write into the other: they may share memory.
    f: ({ x }) => tf.square(tf.add(tf.square(tf.reshape(x!, to!)), tf.reshape(x!, to!))),
  })),
]
