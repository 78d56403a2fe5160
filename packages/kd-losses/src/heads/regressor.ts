import * as tf from '@tensorflow/tfjs'
import {
  batchNorm,
  defineOp,
  fanInUniform,
  fixedAxis,
  GpdError,
  inputAxis,
  kinds,
  needed,
  outputAxis,
  registerOp,
  relu,
  type Kind,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import { checkLeastBatch, checkMaps, describePair, type Feature } from '../support/check-features.ts'
import type { TapPair } from '../support/feature-loss.ts'
import { once, runHead, startHead, trainedHeads } from './heads.ts'

type Size = readonly [height: number, width: number]

/** A convolution that makes a map of one size into one of another. */
interface Resizing {
  /** Whether it leads from one height to the other, from one width to the other. */
  readonly fits: (from: number, to: number) => boolean
  /** Height or width of its kernel. */
  readonly window: (from: number, to: number) => number
  /** A transposed kernel has its output channels before its input channels. */
  readonly isTransposed?: true
  readonly apply: (map: tf.Tensor4D, kernel: tf.Tensor4D) => tf.Tensor4D
}

/** The first that fits is taken. */
const RESIZINGS: readonly Resizing[] = [
  {
    fits: (from, to) => from === 2 * to,
    window: () => 3,
    apply: (map, kernel) => tf.conv2d(map, kernel, 2, 1, 'NHWC', [1, 1], 'floor'),
  },
  {
    fits: (from, to) => 2 * from === to,
    window: () => 4,
    isTransposed: true,
    apply(map, kernel) {
      const [batch, height, width] = map.shape
      return tf.conv2dTranspose(map, kernel, [batch, 2 * height, 2 * width, kernel.shape[2]], 2, 'same')
    },
  },
  {
    fits: (from, to) => from >= to,
    window: (from, to) => 1 + from - to,
    apply: (map, kernel) => tf.conv2d(map, kernel, 1, 'valid'),
  },
]

/** Height and width of a map, whether its first axis is the batch or not there. */
const sizeOf = (shape: Feature['shape']): Size => shape.slice(-3, -1) as [number, number]

const resizingOf = (from: Size, to: Size): Resizing | undefined =>
  RESIZINGS.find(({ fits }) => fits(from[0], to[0]) && fits(from[1], to[1]))

const CONVOLUTION_TO_SIZE = {
  /** `[height, width]` of the map that comes out. */
  size: needed(kinds.listOf(kinds.count, { length: 2, expected: 'a list [height, width]' }) as Kind<Size>),
  /** Channels of that map. */
  filters: needed(kinds.count),
}

/** A convolution whose kernel is as large as the way to the given size needs. */
const convolutionToSize = defineOp({
  name: 'convolutionToSize',
  attributes: CONVOLUTION_TO_SIZE,
  infer({ node, attributes: { size, filters }, inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const { window, isTransposed } = resizingOf(sizeOf(shape), size)!
    const [height, width] = [window(shape[0]!, size[0]), window(shape[1]!, size[1])]
    const made = groups.start(node, filters)
    groups.tieAll(channels)
    const [inner, outer] = [inputAxis(channels), outputAxis(made)]
    const weight = {
      name: 'weight',
      axes: [fixedAxis(height), fixedAxis(width), ...(isTransposed ? [outer, inner] : [inner, outer])],
      initializer: fanInUniform(height * width * shape[2]!),
      decay: true,
    }
    return { shape: [...size, filters], channels: made, parameters: [weight] }
  },
  apply: ({ attributes: { size }, inputs, parameters }) =>
    resizingOf(sizeOf(inputs[0]!.shape), size)!.apply(inputs[0] as tf.Tensor4D, parameters['weight'] as tf.Tensor4D),
})

/** @throws GpdError `network.shape` where no convolution leads from the student's map to the teacher's */
export function checkRegressor(where: string, student: Feature, teacher: Feature): void {
  checkMaps(where, student, teacher)
  checkLeastBatch(where, student, 2)
  if (resizingOf(sizeOf(student.shape), sizeOf(teacher.shape)) !== undefined) return
  const expected = 'a map of the student at least as large as the teacher’s, or half as large'
  throw new GpdError(
    'network.shape',
    `${where}: expected ${expected}, got ${describePair(student, teacher)}.`,
    `Use regressor: 'pointwise', which resizes the larger one and trains a 1 × 1 convolution.`,
  )
}

/** `relu(BN(conv(F_s)))` in the shape of the teacher's map; without `relu` before the activation. */
const regressor = once((position: number, student: Shape, teacher: Shape, isRectified: boolean) => {
  registerOp(convolutionToSize)
  const name = `regressor${position}`
  const g = startHead(name, student)
  const resized = g.add(`${name}.kernel`, convolutionToSize({ size: sizeOf(teacher), filters: teacher.at(-1)! }), 'x')
  const normal = g.add(name, batchNorm(), resized)
  return g.build({ y: isRectified ? g.add(`${name}.relu`, relu(), normal) : normal })
})

/** For each pair a convolution from the student's map to the size and channels of the teacher's, and its normalization. */
export const regressorTensors = (pairs: readonly TapPair<Shape>[]) =>
  trainedHeads(pairs.map(({ student, teacher, position }) => regressor(position, student, teacher, true)))

/** The student's map in the shape of the teacher's. */
export function regress(
  where: string,
  { student: x, teacher, position }: TapPair<tf.Tensor>,
  heads: TensorRecord | undefined,
  isRectified: boolean,
): tf.Tensor {
  const network = regressor(position, x.shape.slice(1), teacher.shape.slice(1), isRectified)
  return runHead(where, network, heads, { x })['y']!
}
