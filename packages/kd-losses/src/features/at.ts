import * as tf from '@tensorflow/tfjs'
import { fillOptions, kinds, option, withoutTape, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkMaps } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { poolToSmaller } from '../support/resample.ts'
import { meanOf } from '../support/sums.ts'
import { MAP_TAPS, pairTaps, type TapOptions } from '../support/taps.ts'
import { flat, meanSquares, unit } from '../support/vectors.ts'

const OPTIONS = {
  /** Power p of the activations, at least 1 (default 2). */
  power: option(kinds.atLeastOne, 2),
}

export type AtOptions = Given<typeof OPTIONS>

/** `unit(vec(mean_c |F|^p))`: `[batch, height · width]`. */
function attention(map: tf.Tensor4D, power: number): tf.Tensor2D {
  const raised = power === 2 ? tf.square(map) : tf.pow(tf.abs(map), power)
  return unit(flat(tf.mean(raised, 3)))
}

/** `atLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function atRows(student: tf.Tensor, teacher: tf.Tensor, options: AtOptions = {}): tf.Tensor1D {
  const { power } = fillOptions('atLoss', OPTIONS, options)
  checkMaps('atLoss', student, teacher)
  return tf.tidy(() => {
    const [s, t] = poolToSmaller(student as tf.Tensor4D, teacher as tf.Tensor4D)
    return meanSquares(
      tf.sub(
        attention(s, power),
        withoutTape(() => attention(t, power)),
      ),
    )
  })
}

/**
 * Attention transfer between two feature maps: `mean (Q_s − Q_t)²` with `Q = unit(vec(mean_c |F|^p))`.
 *
 * `Q` is large where an image excites the network, and it has no channels, so the channel counts may differ; the larger map is pooled to the size of
 * the smaller. The usual weight is 1000.
 *
 * @param student map, `[batch, height, width, channels]`
 * @param teacher map, `[batch, height, width, channels]`; no gradient flows into it
 * @returns scalar, no unit: mean over the batch and the positions
 * @throws GpdError `network.shape` unless both are maps of one batch, `config.invalid`
 * @example atLoss(studentMap, teacherMap)
 * @see Zagoruyko and Komodakis, "Paying More Attention to Attention", ICLR 2017, section 3.1
 */
export const atLoss = meanOf(atRows)

/**
 * `atRows` of named taps, added up, as plugins take it: the paper's are the outputs of all stages. The usual weight is 1000.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example at({ student: ['layer1', 'layer2', 'layer3'] })
 */
export function at(options: AtOptions & TapOptions): DistillationLoss {
  const { student, teacher, ...filled } = fillOptions('at', { ...OPTIONS, ...MAP_TAPS }, options)
  return featureLoss({
    name: 'at',
    taps: pairTaps('at', student, teacher),
    check: checkMaps,
    compute: eachPair((pair) => atRows(pair.student, pair.teacher, filled)),
  })
}
