import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase } from './case.ts'

const oneHot = (
  name: string,
  indices: () => tf.Tensor,
  depth: number,
  on: number,
  off: number,
  dtype: 'float32' | 'int32' | 'bool',
  fails = true,
): ConformanceCase => ({
  name: `oneHot ${name}`,
  inputs: {},
  f: () => tf.cast(tf.oneHot(indices(), depth, on, off, dtype), 'float32'),
  differentiable: false,
  ...(fails ? { fails: ['wasm OneHot'] } : {}),
})

const whole = (values: tf.TensorLike) => () => tf.tensor(values, undefined, 'int32')

const gather = (
  indices: () => tf.Tensor,
  shape: readonly number[],
  axis = 0,
  batchDims = 0,
  fails: readonly string[] = ['wasm UnsortedSegmentSum'],
): ConformanceCase => ({
  name: `gather ${describe(shape)}${axis === 0 ? '' : ` axis ${axis}`}${batchDims === 0 ? '' : ` batches ${batchDims}`}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.gather(x!, indices(), axis, batchDims),
  fails,
})

const gatherNd = (name: string, indices: () => tf.Tensor, shape: readonly number[]): ConformanceCase => ({
  name: `gatherND ${name}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.gatherND(x!, indices()),
  fails: ['gradient GatherNd'],
})

const scatterNd = (
  name: string,
  indices: () => tf.Tensor,
  updates: readonly number[],
  shape: number[],
): ConformanceCase => ({
  name: `scatterND ${name}`,
  inputs: { x: { shape: updates } },
  f: ({ x }) => tf.scatterND(indices(), x!, shape),
  fails: ['gradient ScatterNd'],
})

/** The tensor is used again afterwards: it must be as it was. */
const scatterUpdate = (
  name: string,
  indices: () => tf.Tensor,
  updates: readonly number[],
  shape: readonly number[],
): ConformanceCase => ({
  name: `tensorScatterUpdate ${name}`,
  inputs: { x: { shape }, updates: { shape: updates } },
  f: ({ x, updates }) => tf.mul(tf.tensorScatterUpdate(x!, indices(), updates!), tf.add(x!, 2)),
  fails: ['gradient TensorScatterUpdate', 'cpu TensorScatterUpdate'],
})

type Slice = readonly [shape: number[], begin: number[], end: number[], strides: number[], masks?: number[]]

const SLICES: readonly Slice[] = [
  [[7], [1], [6], [2]],
  [
    [4, 5],
    [3, 0],
    [0, 5],
    [-1, 2],
  ],
  [
    [3, 4, 5],
    [0, 1, 1],
    [3, 4, 5],
    [2, 1, 3],
    [1, 2],
  ],
  [
    [3, 4, 5],
    [1, 1, 0],
    [2, 4, 5],
    [1, 2, 1],
    [0, 0, 0, 0, 1],
  ],
  [
    [3, 4],
    [0, 1],
    [3, 3],
    [1, 1],
    [0, 0, 0, 1, 0],
  ],
]

const DROPS = ['cpu StridedSlice', 'webgpu StridedSlice']

const stridedSlice = ([shape, begin, end, strides, masks = []]: Slice): ConformanceCase => ({
  name: `stridedSlice ${describe(shape, begin, end, strides, masks)}`,
  inputs: { x: { shape } },
  f: ({ x }) => tf.stridedSlice(x!, begin, end, strides, ...masks),
  fails: ['gradient StridedSlice', ...(masks[3] ? [] : ['wasm StridedSlice']), ...(masks[4] ? DROPS : [])],
})

const topK = (shape: readonly number[], k: number): ConformanceCase => ({
  name: `topk ${describe(shape, k)}`,
  inputs: { x: { shape, filling: 'distinct' } },
  f: ({ x }) => tf.square(tf.topk(x!, k).values),
  fails: ['gradient TopK', ...(shape.at(-1) === 1 ? ['webgpu TopK'] : [])],
})

export const selectionCases: readonly ConformanceCase[] = [
  oneHot('float32', whole([0, 2, 1]), 4, 1, 0, 'float32'),
  oneHot('smoothed', whole([3, 0]), 4, 0.9, 0.025, 'float32'),
  oneHot('int32, some out of range', whole([4, 3, -1]), 4, 7, 2, 'int32', false),
  gather(whole([4, 0, 4, 2]), [5, 3]),
  gather(
    whole([
      [1, 1],
      [0, 3],
    ]),
    [4, 2, 3],
  ),
  gather(whole([2, 0, 2]), [2, 3, 4], 1),
  gather(whole([2, 0, 2]), [2, 4, 3], -1, 0, ['tensorflow GatherV2']),
  gather(
    whole([
      [2, 0, 2],
      [1, 1, 0],
    ]),
    [2, 3, 4],
    1,
    1,
    ['wasm GatherV2'],
  ),
  gather(
    whole([
      [2, 0],
      [1, 3],
    ]),
    [2, 3, 4],
    2,
    1,
    [],
  ),
  gather(
    whole([
      [
        [1, 0],
        [1, 1],
      ],
      [
        [3, 0],
        [2, 3],
      ],
    ]),
    [2, 2, 4],
    2,
    2,
    ['gradient GatherV2', 'wasm GatherV2'],
  ),
  gather(whole([[0]]), [1, 1]),
  gatherNd('of rows', whole([[2], [0], [2]]), [3, 4]),
  gatherNd(
    'of numbers',
    whole([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [0, 1],
        [1, 0],
      ],
    ]),
    [3, 4],
  ),
  scatterNd('of rows', whole([[2], [0], [2]]), [3, 4], [4, 4]),
  scatterNd(
    'of numbers',
    whole([
      [0, 1],
      [2, 2],
    ]),
    [2],
    [3, 3],
  ),
  scatterUpdate('of rows', whole([[2], [0]]), [2, 4], [3, 4]),
  scatterUpdate(
    'of numbers',
    whole([
      [0, 1],
      [2, 3],
      [1, 1],
    ]),
    [3],
    [3, 4],
  ),
  ...SLICES.map(stridedSlice),
  topK([9], 3),
  topK([2, 3, 5], 2),
  topK([4, 1], 1),
  {
    name: 'diag',
    inputs: { x: { shape: [4] } },
    f: ({ x }) => tf.diag(x!),
    fails: ['gradient Diag'],
  },
  {
    name: 'concat of twelve tensors',
    inputs: { x: { shape: [12, 2, 3] } },
    f: ({ x }) => tf.square(tf.concat(tf.unstack(x!), 1)),
  },
  { name: 'tile', inputs: { x: { shape: [2, 3] } }, f: ({ x }) => tf.square(tf.tile(x!, [2, 3])) },
  { name: 'reverse', inputs: { x: { shape: [2, 3, 4] } }, f: ({ x }) => tf.square(tf.reverse(x!, [0, 2])) },
]
