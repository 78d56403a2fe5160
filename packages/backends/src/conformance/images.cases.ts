import * as tf from '@tensorflow/tfjs'
import { describe, type ConformanceCase } from './case.ts'

type Size = readonly [number, number]
type Kind = 'ResizeBilinear' | 'ResizeNearestNeighbor'

// from, to, alignCorners, halfPixelCenters
const RESIZES: readonly (readonly [Size, Size, boolean, boolean])[] = [
  [[4, 4], [8, 8], false, false],
  [[3, 5], [7, 4], false, false],
  [[5, 3], [4, 9], true, false],
  [[6, 4], [3, 8], false, true],
  [[1, 4], [3, 2], false, false],
]

const resize =
  (kind: Kind) =>
  ([from, to, alignCorners, halfPixelCenters]: (typeof RESIZES)[number]): ConformanceCase => ({
    name: `${kind} ${describe(from, to)}${alignCorners ? ' aligned' : ''}${halfPixelCenters ? ' half pixels' : ''}`,
    inputs: { x: { shape: [2, ...from, 3] } },
    f: ({ x }) =>
      tf.image[kind === 'ResizeBilinear' ? 'resizeBilinear' : 'resizeNearestNeighbor'](
        x as tf.Tensor4D,
        [...to],
        alignCorners,
        halfPixelCenters,
      ),
    ...(kind === 'ResizeBilinear' && from[0] === from[1] ? {} : { fails: [`gradient ${kind}`] }),
  })

export const imageCases: readonly ConformanceCase[] = [
  ...RESIZES.map(resize('ResizeBilinear')),
  ...RESIZES.map(resize('ResizeNearestNeighbor')),
  {
    name: 'flipLeftRight',
    inputs: { x: { shape: [2, 3, 4, 3] } },
    f: ({ x }) => tf.image.flipLeftRight(x as tf.Tensor4D),
    fails: ['gradient FlipLeftRight'],
  },
  ...(
    [
      [2, 3, 2, 8],
      [1, 1, 3, 9],
    ] as [number, number, number, number][]
  ).map((shape): ConformanceCase => ({
    name: `depthToSpace ${describe(shape)}`,
    inputs: { x: { shape } },
    f: ({ x }) => tf.depthToSpace(x as tf.Tensor4D, Math.sqrt(shape[3] / (shape[3] === 8 ? 2 : 1))),
    fails: ['gradient DepthToSpace'],
  })),
  {
    name: 'spaceToBatchND and back',
    inputs: { x: { shape: [1, 4, 5, 2] } },
    f: ({ x }) =>
      tf.batchToSpaceND(
        tf.square(
          tf.spaceToBatchND(
            x!,
            [2, 2],
            [
              [0, 0],
              [1, 0],
            ],
          ),
        ),
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
  },
  {
    name: 'mirrorPad',
    inputs: { x: { shape: [3, 4] } },
    f: ({ x }) =>
      tf.mirrorPad(
        x!,
        [
          [1, 2],
          [2, 0],
        ],
        'reflect',
      ),
    fails: ['gradient MirrorPad'],
  },
]
