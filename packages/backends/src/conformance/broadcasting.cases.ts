import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase } from './case.ts'

const BROADCASTS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
]

const broadcasting = (name: string, kernel: string, f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  BROADCASTS.map(([a, b]): ConformanceCase => ({
    name: `${name} ${describe(a, b)}`,
    inputs: { a: { shape: a, filling: 'distinct' }, b: { shape: b, filling: 'normal' } },
    f: ({ a, b }) => f(a!, b!),
    fails: [`gradient ${kernel}`],
  }))

/** Gradients that core sums over broadcast axes, most of them right: nothing may break them. */
const summed = (
  name: string,
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  fails: readonly (readonly string[])[] = [],
) =>
  BROADCASTS.map(([a, b], i): ConformanceCase => ({
    name: `${name} ${describe(a, b)}`,
    inputs: { a: { shape: a, filling: 'positive' }, b: { shape: b, filling: 'positive' } },
    f: ({ a, b }) => f(a!, b!),
    ...(fails[i] === undefined ? {} : { fails: fails[i] }),
  }))

const COMPARISONS = [
  ['Equal', tf.equal],
  ['Greater', tf.greater],
  ['Less', tf.less],
  ['LessEqual', tf.lessEqual],
  ['NotEqual', tf.notEqual],
] as const

/** What is compared is trained itself; no number is so close to the threshold that a small step would cross it. */
const comparison = ([kernel, compare]: (typeof COMPARISONS)[number]): ConformanceCase => ({
  name: `where ${kernel}`,
  inputs: { a: { shape: [3, 4], filling: 'distinct' }, b: { shape: [3, 4] } },
  f: ({ a, b }) => tf.where(compare(a!, 0.021), tf.square(a!), b!),
  fails: [`gradient ${kernel}`],
})

/** Truth values of what is trained, taken further: where they hold, and where all or any of a row hold. */
const LOGICAL: readonly (readonly [kernel: string, condition: (a: tf.Tensor) => tf.Tensor])[] = [
  ['LogicalAnd', (a) => tf.logicalAnd(tf.greaterEqual(a, -0.321), tf.greaterEqual(a, 0.021))],
  ['LogicalOr', (a) => tf.logicalOr(tf.greaterEqual(a, 0.321), tf.greaterEqual(a, 0.021))],
  ['LogicalNot', (a) => tf.logicalNot(tf.greaterEqual(a, 0.021))],
  ['All', (a) => tf.all(tf.greaterEqual(a, -0.221), 1, true)],
  ['Any', (a) => tf.any(tf.greaterEqual(a, 0.221), 1, true)],
]

const logical = ([kernel, condition]: (typeof LOGICAL)[number]): ConformanceCase => ({
  name: `mul ${kernel}`,
  inputs: { a: { shape: [3, 4], filling: 'distinct' } },
  f: ({ a }) => tf.mul(tf.square(a!), tf.cast(condition(a!), 'float32')),
  fails: [`gradient ${kernel}`],
})

export const broadcastingCases: readonly ConformanceCase[] = [
  ...broadcasting('maximum', 'Maximum', tf.maximum),
  ...broadcasting('minimum', 'Minimum', tf.minimum),
  ...broadcasting('squaredDifference', 'SquaredDifference', tf.squaredDifference),
  ...summed('add', tf.add),
  ...summed('sub', tf.sub),
  ...summed('div', tf.div),
  ...summed('pow', tf.pow),
  ...summed('prelu', (a, b) => tf.prelu(tf.sub(a, 1.03), b), [[], ['gradient Prelu', 'wasm Prelu'], ['wasm Prelu']]),
  ...COMPARISONS.map(comparison),
  ...LOGICAL.map(logical),
  {
    name: 'empty tensors',
    inputs: { a: { shape: [0, 4] }, b: { shape: [3, 4] } },
    f: ({ a, b }) => tf.concat([tf.relu(a!), b!], 0),
    // No backend has anything to do for what is empty.
    refusedBy: [],
  },
]
