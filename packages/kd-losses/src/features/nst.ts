import * as tf from '@tensorflow/tfjs'
import { fillOptions, withoutTape, type DistillationLoss } from '@gpdjs/core'
import { checkMaps } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { poolToSmaller } from '../support/resample.ts'
import { meanOf } from '../support/sums.ts'
import { MAP_TAPS, pairTaps, type TapOptions } from '../support/taps.ts'
import { meanSquares, unit } from '../support/vectors.ts'

/** Response maps of the channels as vectors of length 1 over the positions: `[batch, height · width, channels]`. */
function responses(map: tf.Tensor4D): tf.Tensor3D {
  const [batch, height, width, channels] = map.shape
  return unit(tf.reshape(map, [batch, height * width, channels]), 1)
}

/** Mean of `k(a, b) = ⟨a, b⟩²` over all pairs of channels, one product of matrices per image: `[batch]`. */
const meanKernel = (a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor1D => meanSquares(tf.matMul(a, b, true, false))

/** `nstLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function nstRows(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor1D {
  checkMaps('nstLoss', student, teacher)
  return tf.tidy(() => {
    const [smallS, smallT] = poolToSmaller(student as tf.Tensor4D, teacher as tf.Tensor4D)
    const s = responses(smallS)
    const t = withoutTape(() => responses(smallT))
    const constant = withoutTape(() => meanKernel(t, t))
    return tf.sub(tf.add(constant, meanKernel(s, s)), tf.mul(meanKernel(s, t), 2))
  })
}

/**
 * Neuron selectivity transfer between two feature maps: `mean k(t, t) + mean k(s, s) − 2 · mean k(s, t)`, with the
 * polynomial kernel `k(a, b) = ⟨unit(a), unit(b)⟩²` between the responses of two channels over all positions.
 *
 * This squared maximum mean discrepancy compares the sets of responses, so the channel counts may differ; the larger map
 * is pooled to the size of the smaller. The usual weight is 50.
 *
 * @param student map, `[batch, height, width, channels]`
 * @param teacher map, `[batch, height, width, channels]`; no gradient flows into it
 * @returns scalar, no unit
 * @throws GpdError `network.shape` unless both are maps of one batch
 * @example nstLoss(studentMap, teacherMap)
 * @see Huang and Wang, "Like What You Like: Knowledge Distill via Neuron Selectivity Transfer", 2017, section 4
 */
export const nstLoss = meanOf(nstRows)

/**
 * `nstRows` of named taps, added up, as plugins take it. The usual weight is 50.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example nst({ student: ['layer2', 'layer3'] })
 */
export function nst(options: TapOptions): DistillationLoss {
  const { student, teacher } = fillOptions('nst', MAP_TAPS, options)
  return featureLoss({
    name: 'nst',
    taps: pairTaps('nst', student, teacher),
    check: checkMaps,
    compute: eachPair((pair) => nstRows(pair.student, pair.teacher)),
  })
}
