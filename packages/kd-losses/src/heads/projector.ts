import type * as tf from '@tensorflow/tfjs'
import { fanInUniform, type ParameterSpec, type Shape, type TensorRecord } from '@gpdjs/core'
import type { TapPair } from '../support/feature-loss.ts'
import { poolToSmaller } from '../support/resample.ts'
import { headOf, headSpec, pointwise } from './heads.ts'

const nameOf = (position: number): string => `projector${position}.weight`

/** For each pair a linear map from the student's channels to the teacher's. */
export const projectorSpecs = (pairs: readonly TapPair<Shape>[]): ParameterSpec[] =>
  pairs.map(({ student, teacher, position }) => {
    const [from, to] = [student.at(-1)!, teacher.at(-1)!]
    return headSpec(nameOf(position), [from, to], fanInUniform(from))
  })

/** The pair with as many channels on both sides; the larger of two maps is pooled to the size of the smaller. */
export function project(where: string, pair: TapPair<tf.Tensor>, heads: TensorRecord | undefined): TapPair<tf.Tensor> {
  const kernel = headOf(where, heads, nameOf(pair.position))
  const areMaps = pair.student.rank === 4 && pair.teacher.rank === 4
  const [student, teacher] = areMaps
    ? poolToSmaller(pair.student as tf.Tensor4D, pair.teacher as tf.Tensor4D)
    : [pair.student, pair.teacher]
  return { ...pair, student: pointwise(student, kernel), teacher }
}
