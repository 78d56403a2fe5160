import * as tf from '@tensorflow/tfjs'
import { fanInUniform, GpdError, type ParameterSpec, type Shape, type TensorRecord } from '@gpdjs/core'
import { checkLeastBatch, checkMaps, describePair, type Feature } from '../support/check-features.ts'
import type { TapPair } from '../support/feature-loss.ts'
import { headOf, headSpec, normalizeBatch, normSpecs } from './heads.ts'

type Size = readonly [height: number, width: number]

/** A convolution that makes a map of one size into one of another. */
interface Resizing {
  readonly fits: (from: Size, to: Size) => boolean
  readonly window: (from: Size, to: Size) => Size
  /** A transposed kernel has its output channels before its input channels. */
  readonly isTransposed: boolean
  readonly apply: (map: tf.Tensor4D, kernel: tf.Tensor4D) => tf.Tensor4D
}

const both = (from: Size, to: Size, holds: (from: number, to: number) => boolean): boolean =>
  holds(from[0], to[0]) && holds(from[1], to[1])

/** The first that fits is taken. */
const RESIZINGS: readonly Resizing[] = [
  {
    fits: (from, to) => both(from, to, (a, b) => a === 2 * b),
    window: () => [3, 3],
    isTransposed: false,
    apply: (map, kernel) => tf.conv2d(map, kernel, 2, 1, 'NHWC', [1, 1], 'floor'),
  },
  {
    fits: (from, to) => both(from, to, (a, b) => 2 * a === b),
    window: () => [4, 4],
    isTransposed: true,
    apply(map, kernel) {
      const [batch, height, width] = map.shape
      return tf.conv2dTranspose(map, kernel, [batch, 2 * height, 2 * width, kernel.shape[2]], 2, 'same')
    },
  },
  {
    fits: (from, to) => both(from, to, (a, b) => a >= b),
    window: (from, to) => [1 + from[0] - to[0], 1 + from[1] - to[1]],
    isTransposed: false,
    apply: (map, kernel) => tf.conv2d(map, kernel, 1, 'valid'),
  },
]

/** The last three axes of a map: the first may be the batch or not be there. */
const mapShape = (shape: Feature['shape']): readonly [number, number, number] =>
  shape.slice(-3) as [number, number, number]

const resizingOf = (student: Feature['shape'], teacher: Feature['shape']): Resizing | undefined => {
  const [[h, w], [height, width]] = [mapShape(student), mapShape(teacher)]
  return RESIZINGS.find(({ fits }) => fits([h, w], [height, width]))
}

/** @throws GpdError `network.shape` where no convolution leads from the student's map to the teacher's */
export function checkRegressor(where: string, student: Feature, teacher: Feature): void {
  checkMaps(where, student, teacher)
  checkLeastBatch(where, student, 2)
  if (resizingOf(student.shape, teacher.shape) !== undefined) return
  const expected = 'a map of the student at least as large as the teacher’s, or half as large'
  throw new GpdError(
    'network.shape',
    `${where}: expected ${expected}, got ${describePair(student, teacher)}.`,
    `Use regressor: 'pointwise', which resizes the larger one and trains a 1 × 1 convolution.`,
  )
}

const nameOf = (position: number): string => `regressor${position}`

/** For each pair a convolution from the student's map to the size and channels of the teacher's, and its normalization. */
export const regressorSpecs = (pairs: readonly TapPair<Shape>[]): ParameterSpec[] =>
  pairs.flatMap(({ student, teacher, position }) => {
    const [[h, w, from], [height, width, to]] = [mapShape(student), mapShape(teacher)]
    const { window, isTransposed } = resizingOf(student, teacher)!
    const size = window([h, w], [height, width])
    const kernel = [...size, ...(isTransposed ? [to, from] : [from, to])]
    return [
      headSpec(`${nameOf(position)}.kernel`, kernel, fanInUniform(size[0] * size[1] * from)),
      ...normSpecs(nameOf(position), to),
    ]
  })

/** `relu(BN(conv(F_s)))` in the shape of the teacher's map; without `relu` before the activation. */
export function regress(
  where: string,
  { student, teacher, position }: TapPair<tf.Tensor>,
  heads: TensorRecord | undefined,
  relu: boolean,
): tf.Tensor {
  const head = (name: string) => headOf(where, heads, `${nameOf(position)}.${name}`)
  const kernel = head('kernel') as tf.Tensor4D
  const resized = resizingOf(student.shape, teacher.shape)!.apply(student as tf.Tensor4D, kernel)
  const normal = normalizeBatch(resized, head('weight'), head('bias'))
  return relu ? tf.relu(normal) : normal
}
