import * as tf from '@tensorflow/tfjs'
import { configurations, marked, type LayerCase } from './layer-case.ts'

const { add, average, concatenate, dot, maximum, minimum, multiply } = tf.layers
const { categoryEncoding, centerCrop, dense, embedding, flatten, permute, randomWidth } = tf.layers
const { repeatVector, reshape, resizing } = tf.layers

/** A model hands it a list, which it takes for a tensor. */
const LIST = 'in a model it takes the list of its inputs for a tensor'

const TWO = [
  [3, 4],
  [3, 4],
] as const

/** Merges take a list, and broadcast. */
const merges = (layer: () => tf.layers.Layer): LayerCase[] => [
  { name: 'two', make: layer, inputs: TWO },
  { name: 'three', make: layer, inputs: [...TWO, [3, 4]] },
  {
    name: 'broadcast',
    make: layer,
    inputs: [
      [3, 4],
      [1, 4],
    ],
  },
  { name: 'of different rank', make: layer, inputs: [[3, 4], [4]] },
]

const indexed = (cases: readonly LayerCase[], indices: number): LayerCase[] =>
  cases.flatMap((subject) =>
    (['int32', 'float32'] as const).map((dtype) => ({ ...subject, name: `${subject.name} ${dtype}`, indices, dtype })),
  )

const isBroadcast = (name: string) => ['broadcast', 'of different rank'].includes(name)

/** Products, merges, and what changes shapes. */
export const shapes: Readonly<Record<string, readonly LayerCase[]>> = {
  dense: [
    ...configurations(dense, [4], { units: 3 }, { units: 17, useBias: false }, { units: 1, activation: 'sigmoid' }),
    ...configurations(dense, [4], { units: 3, activation: 'relu' }, { units: 3, activation: 'softmax' }),
    ...configurations(dense, [5, 4], { units: 3, activation: 'elu' }),
  ],
  embedding: indexed(
    configurations(
      embedding,
      [5],
      { inputDim: 7, outputDim: 3 },
      { inputDim: 7, outputDim: 3, maskZero: true },
      { inputDim: 7, outputDim: 2, inputLength: 5 },
    ),
    7,
  ),
  add: merges(() => add()),
  average: merges(() => average()),
  maximum: marked(
    merges(() => maximum()),
    { repaired: 'Maximum' },
    isBroadcast,
  ),
  minimum: marked(
    merges(() => minimum()),
    { repaired: 'Minimum' },
    isBroadcast,
  ),
  multiply: merges(() => multiply()),
  concatenate: configurations(concatenate, TWO, {}, { axis: 1 }, { axis: 2 }),
  dot: [
    ...configurations(dot, [[4], [4]], { axes: 1 }, { axes: 1, normalize: true }, { axes: -1 }),
    ...configurations(
      dot,
      [
        [3, 4],
        [5, 4],
      ],
      { axes: 2 },
      { axes: [2, 2], normalize: true },
    ),
    ...configurations(
      dot,
      [
        [3, 4],
        [3, 2],
      ],
      { axes: 1 },
      { axes: [1, 1] },
    ),
  ],
  flatten: configurations(flatten, [2, 3, 4], {}, { dataFormat: 'channelsFirst' }),
  permute: configurations(permute, [2, 3, 4], { dims: [2, 1, 3] }, { dims: [3, 1, 2] }),
  repeatVector: configurations(repeatVector, [4], { n: 3 }, { n: 1 }),
  reshape: configurations(reshape, [2, 6], { targetShape: [3, 4] }, { targetShape: [-1, 2] }),
  centerCrop: marked(configurations(centerCrop, [6, 5, 3], { height: 4, width: 3 }, { height: 6, width: 5 }), {
    throws: /no gradient of CropAndResize|gradient function not found for CropAndResize/,
  }),
  resizing: [
    ...marked(configurations(resizing, [6, 5, 3], { height: 4, width: 7 }), {
      alone: LIST,
      repaired: 'ResizeBilinear',
    }),
    ...marked(configurations(resizing, [6, 5, 3], { height: 4, width: 7, interpolation: 'nearest' }), {
      alone: LIST,
      repaired: 'ResizeNearestNeighbor',
    }),
  ],
  categoryEncoding: marked(
    indexed(
      [
        ...configurations(
          categoryEncoding,
          [5],
          { numTokens: 7, outputMode: 'multiHot' },
          { numTokens: 7, outputMode: 'count' },
        ),
        ...configurations(categoryEncoding, [1], { numTokens: 7, outputMode: 'oneHot' }),
      ],
      7,
    ),
    { alone: 'it writes its output shape into the shape of its input' },
  ),
  randomWidth: [
    ...marked(configurations(randomWidth, [6, 5, 3], { factor: [0.4, 0.4], seed: 3 }), {
      alone: LIST,
      repaired: 'ResizeBilinear',
    }),
    ...marked(configurations(randomWidth, [6, 5, 3], { factor: [0.4, 0.4], seed: 3, interpolation: 'nearest' }), {
      alone: LIST,
      repaired: 'ResizeNearestNeighbor',
    }),
  ],
}
