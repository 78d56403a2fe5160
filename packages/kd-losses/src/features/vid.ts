import * as tf from '@tensorflow/tfjs'
import {
  fanInUniform,
  fillOptions,
  fixedAxis,
  kinds,
  option,
  stopGradient,
  type DistillationLoss,
  type Given,
  type Initializer,
  type ParameterSpec,
  type Shape,
  type TensorRecord,
} from '@gpdjs/core'
import { headOf } from '../heads/heads.ts'
import { checkMaps } from '../support/check-features.ts'
import { eachPair, featureLoss } from '../support/feature-loss.ts'
import { poolToSmaller } from '../support/resample.ts'
import { meanOf } from '../support/sums.ts'
import { MAP_TAPS, pairTaps, type TapOptions } from '../support/taps.ts'
import { flat } from '../support/vectors.ts'

/** What VID trains for one pair of maps. */
export interface VidHeads {
  /** Kernels of the regressor's 1 × 1 convolutions, `[1, 1, from, to]`, with ReLU between them. */
  readonly kernels: readonly tf.Tensor[]
  /** λ, before softplus: `[channels]` of the teacher. */
  readonly logScale: tf.Tensor
}

const OPTIONS = {
  /** Variance of every channel before training, above 1e-5 (default 5). */
  variance: option(kinds.positive, 5),
}

export type VidOptions = Given<typeof OPTIONS>

/** Least variance. */
const FLOOR = 1e-5

/** λ such that `softplus(λ) + 1e-5` is the given variance. */
const initialLogScale = (variance: number): number => Math.log(Math.expm1(Math.max(variance - FLOOR, FLOOR)))

const regress = (map: tf.Tensor4D, kernels: readonly tf.Tensor[]): tf.Tensor4D =>
  kernels.reduce<tf.Tensor4D>(
    (x, kernel, i) => tf.conv2d(i === 0 ? x : tf.relu(x), kernel as tf.Tensor4D, 1, 'valid'),
    map,
  )

/** `vidLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function vidRows(student: tf.Tensor, teacher: tf.Tensor, heads: VidHeads): tf.Tensor1D {
  checkMaps('vidLoss', student, teacher)
  return tf.tidy(() => {
    const [s, t] = poolToSmaller(student as tf.Tensor4D, stopGradient(teacher) as tf.Tensor4D)
    const variance = tf.add(tf.softplus(heads.logScale), FLOOR)
    const misfit = tf.div(tf.square(tf.sub(regress(s, heads.kernels), t)), variance)
    return tf.mul(tf.mean(flat(tf.add(misfit, tf.log(variance))), 1), 0.5)
  })
}

/**
 * Variational information distillation: `mean ½ [(μ − F_t)² / v + log v]` with `μ = regressor(F_s)` and one
 * `v = softplus(λ) + 1e-5` per channel of the teacher.
 *
 * A Gaussian bound on the mutual information between the maps. It may be negative. The larger map is pooled to the size of
 * the smaller.
 *
 * @param student map, `[batch, height, width, channels]`
 * @param teacher map, `[batch, height, width, channels]`; no gradient flows into it
 * @param heads trained with the student: kernels of the regressor and λ
 * @returns scalar, in nats per entry, without the constant ½ log 2π
 * @throws GpdError `network.shape` unless both are maps of one batch
 * @example vidLoss(studentMap, teacherMap, { kernels, logScale })
 * @see Ahn et al., "Variational Information Distillation for Knowledge Transfer", CVPR 2019, section 3
 */
export const vidLoss = meanOf(vidRows)

const kernelName = (position: number, layer: number): string => `regressor${position}.${layer}.weight`
const scaleName = (position: number): string => `regressor${position}.log_scale`
const LAYERS = [0, 1, 2]

const vidSpec = (name: string, shape: Shape, initializer: Initializer, decay: boolean): ParameterSpec => ({
  name,
  node: name,
  shape,
  axes: shape.map(fixedAxis),
  initializer,
  decay,
})

function vidSpecs(position: number, from: number, to: number, variance: number): ParameterSpec[] {
  const kernels = LAYERS.map((layer) => {
    const inputs = layer === 0 ? from : to
    return vidSpec(kernelName(position, layer), [1, 1, inputs, to], fanInUniform(inputs), true)
  })
  const scale = { kind: 'constant', value: initialLogScale(variance) } as const
  return [...kernels, vidSpec(scaleName(position), [to], scale, false)]
}

const vidHeads = (heads: TensorRecord | undefined, position: number): VidHeads => ({
  kernels: LAYERS.map((layer) => headOf('vid', heads, kernelName(position, layer))),
  logScale: headOf('vid', heads, scaleName(position)),
})

/**
 * `vidRows` of named taps, added up, as plugins take it. Regressors and variances are trained with the student and left out
 * of it. The usual weight is 1.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`, `config.missing`
 * @example vid({ student: ['layer2', 'layer3'] })
 */
export function vid(options: VidOptions & TapOptions): DistillationLoss {
  const { student, teacher, variance } = fillOptions('vid', { ...OPTIONS, ...MAP_TAPS }, options)
  return featureLoss({
    name: 'vid',
    taps: pairTaps('vid', student, teacher),
    check: checkMaps,
    prepare: (pairs) => ({
      heads: pairs.flatMap(({ student: s, teacher: t, position }) =>
        vidSpecs(position, s.at(-1)!, t.at(-1)!, variance),
      ),
    }),
    compute: eachPair((pair, { heads }) => vidRows(pair.student, pair.teacher, vidHeads(heads, pair.position))),
  })
}
