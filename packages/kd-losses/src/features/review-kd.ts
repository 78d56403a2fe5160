import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  option,
  type DistillationLoss,
  type Given,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import { attentionFusion, attentionFusionSpecs } from '../heads/attention-fusion.ts'
import { checkLeastBatch, describePair, type Feature } from '../support/check-features.ts'
import { featureLoss, type TapPair } from '../support/feature-loss.ts'
import { sumOf } from '../support/sums.ts'
import { MAP_TAPS, pairTaps, type TapOptions } from '../support/taps.ts'
import { hclRows } from './hcl.ts'

const OPTIONS = {
  /** Channels of the fused maps are those of the student's deepest tap, but at most this many (default 512). */
  maxWidth: option(kinds.count, 512),
}

export type ReviewKdOptions = Given<typeof OPTIONS>

/** A vector is a map of one position. */
const asMap = (x: tf.Tensor): tf.Tensor4D =>
  x.rank === 4 ? (x as tf.Tensor4D) : tf.reshape(x, [x.shape[0]!, 1, 1, x.shape[1]!])

function checkLevel(where: string, student: Feature, teacher: Feature): void {
  checkLeastBatch(where, student, 2)
  if ([student, teacher].every(({ shape }) => shape.length === 4 || shape.length === 2)) return
  const problem = `${where}: expected maps [batch, height, width, channels] or vectors [batch, channels], got ${describePair(student, teacher)}.`
  throw new GpdError('network.shape', problem, 'Name taps of feature maps.')
}

const levelName = (position: number): string => `level${position}`

function fusionSpecs(levels: readonly TapPair<Shape>[], maxWidth: number) {
  const common = Math.min(maxWidth, levels.at(-1)!.student.at(-1)!)
  return levels.flatMap(({ student, teacher, position }) =>
    attentionFusionSpecs(
      levelName(position),
      { student: student.at(-1)!, common, teacher: teacher.at(-1)! },
      position === levels.length - 1,
    ),
  )
}

/** Fuses from the deepest level up, and compares each with the teacher. */
function reviewLoss(levels: readonly TapPair<tf.Tensor>[], heads: TensorRecord): tf.Tensor1D {
  let deeper: tf.Tensor4D | undefined
  const terms = [...levels].reverse().map(({ student, teacher, position }) => {
    const target = asMap(teacher)
    const size = [target.shape[1], target.shape[2]] as const
    const { output, residual } = attentionFusion(asMap(student), deeper, size, heads, levelName(position))
    deeper = residual
    return hclRows(output, target)
  })
  return sumOf(terms)
}

/**
 * Knowledge review as plugins take it: the sum over the levels of `hclRows(output, F_t)`, where each level of the student is
 * fused with everything deeper (`attentionFusion`) to the shape of the teacher's.
 *
 * The fusions are trained with the student and left out of it. The usual weight is 0.6 to 8 on CIFAR-100 and 1 on ImageNet,
 * raised from 0 over the first 20 epochs (ImageNet: 1).
 *
 * @param options.student taps, **shallow to deep**, often with the pooled vector at the end
 * @param options.teacher as many taps (default: the same names); the paper takes the teacher's maps before the activation
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example
 * reviewKd({
 *   student: ['layer1', 'layer2', 'layer3', 'pool'],
 *   teacher: ['layer1.preactivation', 'layer2.preactivation', 'layer3.preactivation', 'pool'],
 * })
 * @see Chen et al., "Distilling Knowledge via Knowledge Review", CVPR 2021
 */
export function reviewKd(options: ReviewKdOptions & TapOptions): DistillationLoss {
  const { student, teacher, maxWidth } = fillOptions('reviewKd', { ...OPTIONS, ...MAP_TAPS }, options)
  return featureLoss({
    name: 'review-kd',
    taps: pairTaps('reviewKd', student, teacher),
    check: checkLevel,
    leastBatch: 2,
    prepare: (levels) => ({ heads: fusionSpecs(levels, maxWidth) }),
    compute: (levels, { heads = {} }) => reviewLoss(levels, heads),
  })
}
