import type * as tf from '@tensorflow/tfjs'
import type { Network, ParameterSpec, Shape, TensorRecord } from '@gpdjs/core'
import type { TapPair } from '../support/feature-loss.ts'
import { poolToSmaller } from '../support/resample.ts'
import { headSpecs, runHead } from './heads.ts'
import { linearHead } from './linear-head.ts'

/** A linear map from the student's channels to the teacher's. */
const projector = ({ student, teacher, position }: TapPair<Shape>): Network =>
  linearHead(`projector${position}`, student, teacher.at(-1)!, false)

/** For each pair a projector. */
export const projectorSpecs = (pairs: readonly TapPair<Shape>[]): ParameterSpec[] =>
  pairs.flatMap((pair) => headSpecs(projector(pair)))

/** The pair with as many channels on both sides; the larger of two maps is pooled to the size of the smaller. */
export function project(where: string, pair: TapPair<tf.Tensor>, heads: TensorRecord | undefined): TapPair<tf.Tensor> {
  const areMaps = pair.student.rank === 4 && pair.teacher.rank === 4
  const [x, teacher] = areMaps
    ? poolToSmaller(pair.student as tf.Tensor4D, pair.teacher as tf.Tensor4D)
    : [pair.student, pair.teacher]
  const network = projector({ ...pair, student: x.shape.slice(1), teacher: teacher.shape })
  return { ...pair, student: runHead(where, network, heads, { x })['y']!, teacher }
}
