import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  option,
  type DistillationContext,
  type DistillationLoss,
  type Given,
  type PairOutputs,
} from '@gpdjs/core'
import { checkPair } from '../support/check-inputs.ts'
import { sumOf } from '../support/sums.ts'
import { everything, leastCertain, levels, type LogitView } from './alignment-levels.ts'

const TEMPERATURES = option(
  kinds.listOf(kinds.positive, { expected: 'a list of finite numbers above 0' }),
  [4, 3, 5, 2, 6],
)

const OPTIONS = {
  /** Temperatures T that are summed over, each above 0 (default 4, 3, 5, 2, 6; on ImageNet 1, 3, 5, 2, 6). */
  temperatures: TEMPERATURES,
  /** As the paper writes it, or as the authors' code computes it (default `'paper'`). */
  variant: option(kinds.oneOf('paper', 'release'), 'paper'),
}

export type MlkdOptions = Given<typeof OPTIONS>

/**
 * The multi-level alignment of one view: for every temperature
 * `T² · mean_b KL(p_t ‖ p_s) + ‖P_t P_tᵀ − P_s P_sᵀ‖² / batch + ‖P_tᵀ P_t − P_sᵀ P_s‖² / classes`, added up.
 *
 * @param view logits of both networks
 * @returns scalar
 * @throws GpdError `network.shape` if the shapes differ, `config.invalid`
 * @example mlkdViewLoss({ student: studentLogits, teacher: teacherLogits }, { temperatures: [4] })
 */
export function mlkdViewLoss(view: LogitView, options: Pick<MlkdOptions, 'temperatures'> = {}): tf.Scalar {
  const { temperatures } = fillOptions('mlkdViewLoss', { temperatures: TEMPERATURES }, options)
  checkPair('mlkdViewLoss', view.student, view.teacher)
  return tf.tidy(() => {
    const all = everything(view)
    return sumOf(temperatures.flatMap((temperature) => Object.values(levels(view, all, temperature))))
  })
}

type Views = { readonly weak: LogitView; readonly strong: LogitView }

/** The weak view only where the teacher is least certain, the strong view everywhere. */
function paperTerms({ weak, strong }: Views, temperatures: readonly number[]): tf.Scalar[] {
  const [selected, all] = [leastCertain(weak), everything(strong)]
  return temperatures.flatMap((temperature) => [
    ...Object.values(levels(weak, selected, temperature)),
    ...Object.values(levels(strong, all, temperature)),
  ])
}

/** Temperatures at which the released code takes the weak logits for the strong view: those at positions 3 and 4. */
const MISTAKEN = 3

/**
 * What the released code computes: its masks multiply means that are taken already, so they scale and select nothing; two of
 * the strong view's terms use the weak logits; its other terms of the strong view are never added.
 */
function releaseTerms({ weak, strong }: Views, temperatures: readonly number[]): tf.Scalar[] {
  const { images, classes } = leastCertain(weak)
  const [imageShare, classShare] = [tf.mean(images), tf.mean(classes)]
  const all = everything(weak)
  return temperatures.flatMap((temperature, i) => {
    const own = levels(weak, all, temperature)
    const other = i < MISTAKEN ? levels(strong, all, temperature) : own
    return [
      tf.mul(tf.add(own.instance, own.batch), imageShare) as tf.Scalar,
      tf.mul(own.class, classShare) as tf.Scalar,
      other.instance,
    ]
  })
}

const VARIANTS = { paper: paperTerms, release: releaseTerms } as const

/**
 * Multi-level logit distillation of a weakly and a strongly augmented view of the same images: instance, batch and class level
 * at several temperatures (the formulas of `mlkdViewLoss`), added up. The usual weight is 0.9, with 0.1 for the cross-entropy
 * of both views.
 *
 * `'paper'`: on the weak view only images and classes below the median of the teacher's certainty count.
 * `'release'`: see the source; published numbers were made with it.
 *
 * @param views logits of both networks for both views, images in the same order
 * @returns scalar
 * @throws GpdError `data.missing` if there is one view only, `network.shape` if shapes differ, `config.invalid`
 * @example mlkdLoss({ weak, strong }) // each { student, teacher }: the logits of one view
 * @see Jin, Wang, Lin, "Multi-Level Logit Distillation", CVPR 2023, section 3
 */
export function mlkdLoss(
  views: { readonly weak: LogitView; readonly strong?: LogitView },
  options: MlkdOptions = {},
): tf.Scalar {
  const { temperatures, variant } = fillOptions('mlkdLoss', OPTIONS, options)
  const { weak, strong } = views
  if (strong === undefined) {
    const problem = 'mlkdLoss: expected a weak and a strong view of the images, got the weak one only.'
    throw new GpdError('data.missing', problem, 'Augment every image twice, or use mlkdViewLoss.')
  }
  for (const { student, teacher } of [weak, strong]) checkPair('mlkdLoss', student, teacher)
  checkPair('mlkdLoss', weak.student, strong.student)
  return tf.tidy(() => sumOf(VARIANTS[variant]({ weak, strong }, temperatures)))
}

/** By this name the loss asks for the strongly augmented view; the images of the batch themselves are the weak one. */
const STRONG = 'strong'

const logitView = ({ student, teacher }: PairOutputs): LogitView => ({
  student: student.logits,
  teacher: teacher.logits,
})

/** @throws GpdError `data.missing` if there is one view only */
function viewsOf({ views, ...weak }: DistillationContext): Views {
  const strong = views?.[STRONG]
  if (strong !== undefined) return { weak: logitView(weak), strong: logitView(strong) }
  const problem = `mlkd: expected outputs on a weak and a strong view of the images (context.views.${STRONG}), got one view.`
  throw new GpdError('data.missing', problem, `Use data with the view '${STRONG}', or mlkdViewLoss.`)
}

/**
 * `mlkdLoss` as plugins take it. The images of the batch are the weak view; the strong one is the view `'strong'` of the data:
 * `imageSource(set, { augment: padCropFlip(), views: { strong: chain(padCropFlip(), randAugment()) } })`. Both networks look at
 * both. The usual weight is 0.9, with 0.1 for the cross-entropy with the labels of both views.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`; when used, `data.missing` without the strong view
 * @example mlkd({ variant: 'release' })
 */
export function mlkd(options: MlkdOptions = {}): DistillationLoss {
  const filled = fillOptions('mlkd', OPTIONS, options)
  return {
    name: 'mlkd',
    distribution: 'categorical',
    views: [STRONG],
    comparesSamples: true,
    compute: (context) => mlkdLoss(viewsOf(context), filled),
  }
}
