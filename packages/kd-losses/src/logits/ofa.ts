import * as tf from '@tensorflow/tfjs'
import { didYouMean, fillOptions, GpdError, kinds, option, type DistillationLoss, type Given } from '@gpdjs/core'
import { exitHead } from '../heads/exit-head.ts'
import { runHead, trainedHeads } from '../heads/heads.ts'
import { checkPair, classesOf } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { classIndices, needsIndex, SOFT_LABELS } from '../support/labels.ts'
import { oneHotLabels, weighted } from '../support/log-space.ts'
import { meanOf, sumOf } from '../support/sums.ts'
import { tapNames, type TapOptions } from '../support/taps.ts'

const EPSILON = {
  /** Power ε of the target's confidence, above 0 (default 1; 1.5 in the paper's ImageNet runs). */
  epsilon: option(kinds.positive, 1),
  ...SOFT_LABELS,
}

export type OfaOptions = Given<typeof EPSILON>

const OPTIONS = { ...EPSILON, student: option(tapNames, []) }

/** `w_c = (p_t(c) + 1{c = y})^ε − 1{c = y}`, without losing digits of a small `p_t(y)`. */
function enhancedTarget(teacher: tf.Tensor, labels: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const isTarget = tf.cast(oneHotLabels(labels, teacher.shape[1]!), 'bool')
  const logProbabilities = tf.logSoftmax(teacher)
  const atTarget = tf.expm1(tf.mul(tf.log1p(tf.exp(logProbabilities)), epsilon))
  return tf.where(isTarget, atTarget, tf.exp(tf.mul(logProbabilities, epsilon))) as tf.Tensor2D
}

/** `ofaLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function ofaRows(
  student: tf.Tensor,
  teacher: tf.Tensor,
  labels: tf.Tensor,
  options: OfaOptions = {},
): tf.Tensor1D {
  const { epsilon, softLabels } = fillOptions('ofaLoss', EPSILON, options)
  checkPair('ofaLoss', student, teacher)
  const indices = classIndices('ofaLoss', student, labels, softLabels)
  return closedForm(student, {
    value: (logits) => {
      const logProbabilities = tf.logSoftmax(logits)
      const target = enhancedTarget(teacher, indices(), epsilon)
      const rows = tf.neg(tf.sum<tf.Tensor1D>(weighted(target, logProbabilities), 1))
      return { rows, saved: { logProbabilities, target } }
    },
    gradient: ({ logProbabilities, target }) =>
      tf.sub(tf.mul(tf.exp(logProbabilities), tf.sum(target, 1, true)), target),
  })
}

/**
 * One-for-all distillation, adaptive target enhancement: `−mean_b Σ_c w_c · log p_s(c)` with
 * `w_c = (p_t(c) + 1{c = y})^ε − 1{c = y}`.
 *
 * With ε = 1 it is `softCrossEntropyLoss`; a greater ε trusts the label more where the teacher does. There is no
 * temperature. The gradient of a row is `p_s · Σ_c w_c − w`.
 *
 * @param student logits, `[batch, classes]`, of the network or of an exit head
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @param labels class indices, int32 `[batch]`, each from 0 to classes − 1 (not checked)
 * @returns scalar, in nats
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for soft labels without `softLabels: 'argmax'`, `config.invalid`
 * @example ofaLoss(studentLogits, teacherLogits, labels, { epsilon: 1.5 })
 * @see Hao et al., "One-for-All: Bridge the Gap Between Heterogeneous Architectures in Knowledge Distillation", NeurIPS 2023,
 *   section 3.3
 */
export const ofaLoss = meanOf(ofaRows)

const headName = (position: number): string => `exit${position}`

/** @throws GpdError `network.invalid` with the taps that exist */
function stageOf<T>(taps: Readonly<Record<string, T>>, tap: string): T {
  const stage = taps[tap]
  if (stage !== undefined) return stage
  throw new GpdError('network.invalid', `ofa: the student has no tap '${tap}'.`, didYouMean(tap, Object.keys(taps)))
}

/**
 * `ofaRows` of the final logits as plugins take it, and of an exit head on each of the stages that are named. The heads are
 * trained with the student and left out of it.
 *
 * Of a map `[height, width, channels]` the head is two separable convolutions for every deeper tap, the first of stride 2 and the
 * second to twice as many channels, the mean over the positions and a linear map to logits. Of tokens `[tokens, channels]` it merges patches 2 × 2 while 7 are left along each
 * side, runs as many transformer blocks as there are deeper taps (at least one), and maps the class token, or the mean of all
 * where there is none, to logits. Of a vector it is the linear map.
 *
 * @param options.student taps of the student, **shallow to deep**, that get a head (default: none; the paper's are all four
 *   stages)
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example ofa({ epsilon: 1.5, student: ['layer1', 'layer2', 'layer3', 'layer4'] })
 */
export function ofa(options: OfaOptions & Partial<Pick<TapOptions, 'student'>> = {}): DistillationLoss {
  const { student: stages, ...filled } = fillOptions('ofa', OPTIONS, options)
  const stepsAfter = (position: number) => stages.length - 1 - position
  return {
    name: 'ofa',
    distribution: 'categorical',
    ...needsIndex(filled.softLabels),
    ...(stages.length > 0 && {
      taps: { student: stages },
      prepare: ({ student, outputs }) => {
        const classes = classesOf('ofa', outputs)
        return trainedHeads(
          stages.map((tap, i) => exitHead('ofa', headName(i), stageOf(student, tap), stepsAfter(i), classes)),
        )
      },
    }),
    compute({ student, teacher, labels, heads }) {
      const classes = teacher.logits.shape[1]
      const exits = stages.map((tap, i) => {
        const x = stageOf(student.taps, tap)
        const network = exitHead('ofa', headName(i), x.shape.slice(1), stepsAfter(i), classes)
        return runHead('ofa', network, heads, { x })['logits'] as tf.Tensor2D
      })
      return sumOf([student.logits, ...exits].map((logits) => ofaRows(logits, teacher.logits, labels, filled)))
    },
  }
}
