import * as tf from '@tensorflow/tfjs'
import { stopGradient, type DistillationLoss } from '@gpdjs/core'
import { checkSameShape, type Feature } from './check-features.ts'
import { fillOptions, flag } from './options.ts'
import { project, projectorSpecs } from './projector.ts'
import { eachPair, featureLoss, MAP_TAPS, pairTaps, type TapOptions } from './taps.ts'
import { meanSquare } from './vectors.ts'

export interface FitnetOptions {
  /**
   * Whether to train a 1 × 1 convolution (of vectors: a linear map) from the student's channels to the teacher's, and to
   * pool the larger map to the size of the smaller (default false: the shapes must be equal).
   */
  readonly project?: boolean
}

/**
 * Hints of FitNets: `mean (F_s − F_t)²` over all entries. The usual weight is 100.
 *
 * @param student feature, `[batch, …]`
 * @param teacher feature of the same shape; no gradient flows into it
 * @returns scalar, in squared units of the features
 * @throws GpdError `network.shape` if the shapes differ
 * @example fitnetLoss(regressor(studentMap), teacherMap)
 * @see Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015, section 2.2
 */
export function fitnetLoss(student: tf.Tensor, teacher: tf.Tensor): tf.Scalar {
  checkSameShape('fitnetLoss', student, teacher, 'Map the student to the shape of the teacher first.')
  return tf.tidy(() => meanSquare(tf.sub(student, stopGradient(teacher))))
}

const checkHint = (where: string, student: Feature, teacher: Feature): void =>
  checkSameShape(
    where,
    student,
    teacher,
    'Use the option project: true, which trains a 1 × 1 convolution between them.',
  )

/**
 * `fitnetLoss` of named taps, added up, as plugins take it. With `project` the map between them is trained together with
 * the student, not in a stage of its own before it as in the paper. The usual weight is 100.
 *
 * @param options.student tap or taps; a teacher's tap after ReLU wants a student's tap before it where you project
 * @param options.teacher as many taps (default: the same names)
 * @param options.project see `FitnetOptions`
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example fitnet({ student: 'layer2', teacher: 'layer2', project: true })
 */
export function fitnet(options: FitnetOptions & TapOptions): DistillationLoss {
  const { student, teacher, project: projected } = fillOptions('fitnet', { ...MAP_TAPS, project: flag(false) }, options)
  return featureLoss({
    name: 'fitnet',
    taps: pairTaps('fitnet', student, teacher),
    ...(projected ? { prepare: (pairs) => ({ heads: projectorSpecs(pairs) }) } : { check: checkHint }),
    compute: eachPair((pair, { heads }) => {
      const hint = projected ? project('fitnet', pair, heads) : pair
      return fitnetLoss(hint.student, hint.teacher)
    }),
  })
}
