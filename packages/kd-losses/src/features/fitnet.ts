import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, kinds, option, stopGradient, type DistillationLoss, type Given } from '@gpdjs/core'
import { project, projectorSpecs } from '../heads/projector.ts'
import { checkRegressor, regress, regressorTensors } from '../heads/regressor.ts'
import { checkSameShape, type Feature } from '../support/check-features.ts'
import { eachPair, featureLoss, type FeatureLoss } from '../support/feature-loss.ts'
import { meanOf } from '../support/sums.ts'
import { MAP_TAPS, pairTaps, type TapOptions, type Taps } from '../support/taps.ts'
import { meanSquares } from '../support/vectors.ts'

const OPTIONS = {
  /**
   * What is trained between the two maps (default `'none'`: their shapes must be equal):
   *
   * - `'convolution'`, as published: one convolution that makes the student's map as large as the teacher's (3 × 3 of stride 2
   *   where it is twice as large, transposed 4 × 4 where it is half as large, otherwise without padding and with a kernel of
   *   1 + difference), batch normalization and ReLU
   * - `'pointwise'`: a 1 × 1 convolution without bias (of vectors: a linear map); the larger map is pooled to the size of the
   *   smaller
   */
  regressor: option(kinds.oneOf('none', 'convolution', 'pointwise'), 'none'),
  /** Whether the regressor `'convolution'` ends in ReLU (default true); false for a teacher's map before its activation. */
  relu: option(kinds.flag, true),
}

export type FitnetOptions = Given<typeof OPTIONS>

/** `fitnetLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function fitnetRows(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor1D {
  checkSameShape('fitnetLoss', student, teacher, 'Map the student to the shape of the teacher first.')
  return tf.tidy(() => meanSquares(tf.sub(student, stopGradient(teacher))))
}

/**
 * Hints of FitNets: `mean (F_s − F_t)²` over all entries. The usual weight is 100.
 *
 * @param student feature, `[batch, …]`
 * @param teacher feature of the same shape; no gradient flows into it
 * @returns scalar, in squared units of the features
 * @throws GpdError `network.shape` if the shapes differ
 * @example fitnetLoss(studentMap, teacherMap)
 * @see Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015, section 2.2
 */
export const fitnetLoss = meanOf(fitnetRows)

const checkHint = (where: string, student: Feature, teacher: Feature): void =>
  checkSameShape(
    where,
    student,
    teacher,
    `Use a regressor: 'convolution', or 'pointwise', which takes maps of any size.`,
  )

/** ReLU makes no negative numbers; maps before the activation have them. */
function checkActivation(taps: Taps, regressor: string, relu: boolean): void {
  const tap = taps.teacher.find((name) => name.endsWith('.preactivation'))
  if (regressor !== 'convolution' || !relu || tap === undefined) return
  const problem = `fitnet: expected a teacher's tap after its activation, got '${tap}', whose negative numbers ReLU cannot reach.`
  throw new GpdError('config.invalid', problem, `Use relu: false, or the tap '${tap.replace(/\.preactivation$/, '')}'.`)
}

/** What each regressor checks, trains and computes. */
const regressors = (relu: boolean): Record<string, Pick<FeatureLoss, 'check' | 'prepare' | 'compute'>> => ({
  none: { check: checkHint, compute: eachPair(({ student, teacher }) => fitnetRows(student, teacher)) },
  convolution: {
    check: checkRegressor,
    prepare: (pairs) => ({ ...regressorTensors(pairs), leastBatch: 2 }),
    compute: eachPair((pair, { heads }) => fitnetRows(regress('fitnet', pair, heads, relu), pair.teacher)),
  },
  pointwise: {
    prepare: (pairs) => ({ heads: projectorSpecs(pairs) }),
    compute: eachPair((pair, { heads }) => {
      const { student, teacher } = project('fitnet', pair, heads)
      return fitnetRows(student, teacher)
    }),
  },
})

/**
 * `fitnetRows` of named taps, added up, as plugins take it. A regressor is trained together with the student, not in a stage
 * of its own before it as in the paper, and left out of it. The usual weight is 100.
 *
 * @param options.student tap or taps; for `'pointwise'` a teacher's tap after ReLU needs a student's tap before it
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example fitnet({ student: 'layer2', teacher: 'layer2', regressor: 'convolution' })
 */
export function fitnet(options: FitnetOptions & TapOptions): DistillationLoss {
  const { student, teacher, regressor, relu } = fillOptions('fitnet', { ...MAP_TAPS, ...OPTIONS }, options)
  const taps = pairTaps('fitnet', student, teacher)
  checkActivation(taps, regressor, relu)
  return featureLoss({ name: 'fitnet', taps, ...regressors(relu)[regressor]! })
}
