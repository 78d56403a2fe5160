import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase, type Filling } from './case.ts'

const cumsum = (
  shape: readonly number[],
  axis: number,
  exclusive: boolean,
  reverse: boolean,
  fails = true,
): ConformanceCase => ({
  name: `cumsum ${describe(shape, axis, exclusive, reverse)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.cumsum(x!, axis, exclusive, reverse),
  ...(fails ? { fails: ['gradient Cumsum'] } : {}),
})

/** Twice with different lengths: a shader must not be used again for another. */
const cumsumBackwards = (shape: readonly number[]): ConformanceCase => ({
  name: `cumsum backwards ${describe(shape)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.cumsum(x!, 1, false, true),
  fails: ['webgpu Cumsum'],
})

const reduction = (
  name: string,
  f: (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor,
  filling: Filling = 'normal',
) =>
  (
    [
      [[7, 150, 5], [1], false],
      [[3, 4, 5, 6], [0, 1, 2], true],
      [[3, 4, 5, 6], [1, 2], false],
      [[3, 4, 5, 6], [0, 2], true],
      [[4, 17], [0], true],
      [[4, 17], [1], false],
      [[2, 3], [0, 1], false],
      [[3, 1, 4], [1], false],
    ] as const
  ).map(([shape, axis, keepDims]): ConformanceCase => ({
    name: `${name} ${describe(shape, axis, keepDims)}`,
    inputs: { x: { shape, filling } },
    f: ({ x }) => tf.square(f(x!, [...axis], keepDims)),
  }))

// shape, axes
const PRODUCTS_OF_AXES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3, 4, 5], [1]],
  [
    [3, 4, 5],
    [0, 2],
  ],
  [[4, 7], [0]],
  [[4, 6], [1]],
  [
    [2, 3],
    [0, 1],
  ],
]

const productOfAxes = ([shape, axes]: (typeof PRODUCTS_OF_AXES)[number]): ConformanceCase => ({
  name: `prod ${describe(shape, axes)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.prod(x!, [...axes]),
  fails: ['webgpu Cumprod'],
})

const cumprod = (
  shape: readonly number[],
  axis: number,
  exclusive: boolean,
  reverse: boolean,
  filling: Filling = 'normal',
): ConformanceCase => ({
  name: `cumprod ${filling} ${describe(shape, axis, exclusive, reverse)}`,
  inputs: { x: { shape, filling } },
  f: ({ x }) => tf.cumprod(x!, axis, exclusive, reverse),
  fails: ['gradient Cumprod'],
})

/** A sum of many tensors; WebGPU promises a shader eight buffers, one of them for the result. */
const sumOf = (count: number): ConformanceCase => ({
  name: `addN of ${count} tensors`,
  inputs: { x: { shape: [count, 3, 5] } },
  f: ({ x }) => tf.square(tf.addN(tf.unstack(x!))),
  ...(count > 7 ? { fails: ['webgpu AddN'] } : {}),
})

export const reductionCases: readonly ConformanceCase[] = [
  cumsum([4, 4], 0, false, false),
  cumsum([3, 4, 5], 1, true, false),
  cumsum([3, 4, 5], 0, false, true),
  cumsum([3, 4], 1, true, true, false),
  cumsum([1], 0, false, true, false),
  cumsumBackwards([3, 6]),
  cumsumBackwards([3, 9]),
  cumprod([4, 4], 0, false, false),
  cumprod([3, 4, 5], 1, true, false),
  cumprod([3, 4, 5], 0, false, true),
  cumprod([2, 5], 1, true, true),
  // One of the numbers is zero.
  cumprod([3, 3], 1, false, false, 'distinct'),
  ...reduction('sum', tf.sum),
  ...reduction('mean', tf.mean),
  ...reduction('max', (x, axis, keepDims) => tf.max(x, axis, keepDims), 'distinct'),
  ...reduction('min', (x, axis, keepDims) => tf.min(x, axis, keepDims), 'negative'),
  ...PRODUCTS_OF_AXES.map(productOfAxes),
  sumOf(7),
  sumOf(8),
  sumOf(50),
]
