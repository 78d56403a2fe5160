import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  option,
  optional,
  withoutTape,
  type DistillationContext,
  type DistillationLoss,
  type Given,
  type LossSetup,
} from '@gpdjs/core'
import { matchWidth, widthTensors } from '../heads/nd-head.ts'
import { checkLeastBatch, checkSameShape, describePair, type Feature } from '../support/check-features.ts'
import { classesOf } from '../support/check-inputs.ts'
import { eachPair, featureLoss, type TapPair } from '../support/feature-loss.ts'
import { classIndices, needsIndex, SOFT_LABELS } from '../support/labels.ts'
import { oneHotLabels } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'
import { pairOneTap, VECTOR_TAPS, type TapOptions } from '../support/taps.ts'
import { norm, unit } from '../support/vectors.ts'

type Rows = readonly (readonly number[])[]

/** @throws GpdError `network.shape` unless these are vectors of that width, one per class */
function checkCenters(where: string, shape: readonly number[], width: number, classes = shape[0]!): void {
  if (shape.length === 2 && shape[0] === classes && shape[1] === width) return
  const problem = `${where}: expected class means of shape [${classes}, ${width}], got [${shape.join(', ')}].`
  throw new GpdError('network.shape', problem, 'Compute them with the teacher and the tap that the loss uses.')
}

/** `ndLoss` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function ndRows(student: tf.Tensor, teacher: tf.Tensor, labels: tf.Tensor, centers: tf.Tensor): tf.Tensor1D {
  checkSameShape('ndLoss', student, teacher, 'Map the student to the width of the teacher first.')
  checkCenters('ndLoss', centers.shape, student.shape[1]!)
  const indices = classIndices('ndLoss', student, labels)
  return tf.tidy(() => {
    const directions = withoutTape(() => unit(tf.gather(centers, indices())))
    const length = tf.maximum(
      norm(student),
      withoutTape(() => norm(teacher)),
    )
    const alignment = tf.sum(tf.mul(student, directions), 1, true)
    return tf.sub(1, tf.squeeze(tf.div(alignment, length), [1]))
  })
}

/**
 * Direction and norm of features: `mean_b [1 − ⟨f_s, m_y⟩ / (‖m_y‖ · max(‖f_s‖, ‖f_t‖))]`.
 *
 * `m_y` is the teacher's mean feature of the label's class. Features shorter than the teacher's are pulled longer, longer
 * ones only turned towards the mean.
 *
 * @param student features before the classifier, `[batch, values]`
 * @param teacher features of the same shape; no gradient flows into them
 * @param labels class indices, int32 `[batch]`
 * @param centers class means, `[classes, values]`, of any length; no gradient flows into them
 * @returns scalar from 0 to 2, no unit
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for soft labels
 * @example ndLoss(studentPool, teacherPool, labels, centers)
 * @see Wang et al., "Improving Knowledge Distillation via Regularizing Feature Norm and Direction", 2023, section 3.3
 */
export const ndLoss = meanOf(ndRows)

const isRow = (row: unknown, width: number): row is readonly number[] =>
  Array.isArray(row) && row.length === width && row.every(Number.isFinite) && Math.hypot(...(row as number[])) > 1e-6

const isCenters = (value: unknown): value is Rows =>
  Array.isArray(value) && value.length > 0 && value.every((row: unknown[]) => isRow(row, value[0].length))

const classCenters = kinds.kind<Rows>('a finite vector other than 0 for each class, all of one length', isCenters)

const OPTIONS = {
  /**
   * Mean of the teacher's features of each class, `[classes][values]`, over the training set in evaluation mode and without
   * augmentation. Default: the mean over what the teacher saw so far in training.
   */
  centers: optional(classCenters),
  /**
   * Whether to train a head between them where the widths of student and teacher differ, as published: batch normalization,
   * dropout with rate 0.5, a linear map (default true). Only this loss looks through it.
   */
  project: option(kinds.flag, true),
  ...SOFT_LABELS,
}

export type NdOptions = Given<typeof OPTIONS>

/** @throws GpdError `network.shape` unless both are vectors, of one width where there is no head between them */
function checkVectors(where: string, student: Feature, teacher: Feature, hasHead: boolean): void {
  if (student.shape.length !== 2 || teacher.shape.length !== 2) {
    const problem = `${where}: expected vectors [batch, values], got ${describePair(student, teacher)}.`
    throw new GpdError('network.shape', problem, `Name taps after the pooling, such as 'pool'.`)
  }
  if (hasHead) return
  checkSameShape(where, student, teacher, 'Use the option project: true, which trains a head between them.')
}

const areAsWide = (student: readonly number[], teacher: readonly number[]): boolean => student.at(-1) === teacher.at(-1)

/** The student's features in the width of the teacher's. */
function inTeachersWidth(pair: TapPair<tf.Tensor>, { heads, random }: DistillationContext): tf.Tensor {
  const { student, teacher } = pair
  if (areAsWide(student.shape, teacher.shape)) return student
  checkLeastBatch('nd', student, 2)
  if (random) return matchWidth('nd', student as tf.Tensor2D, teacher.shape[1]!, heads, random)
  const problem = 'nd: expected random numbers for dropout in the context, got none.'
  throw new GpdError('plugin.invalid', problem, 'Pass context.random, or use the trainer.')
}

/** Given means as they are, or running ones: a mean and a count for each class. */
function centersMemory({ outputs }: LossSetup, width: number, centers?: Rows): Record<string, tf.Tensor> {
  const classes = classesOf('nd', outputs)
  if (centers === undefined) return { means: tf.zeros([classes, width]), counts: tf.zeros([classes, 1]) }
  checkCenters('nd', [centers.length, centers[0]!.length], width, classes)
  return { means: tf.tensor2d(centers.map((row) => [...row])) }
}

/** The class means, moved by this batch if they are running ones: `m ← m + (Σ f − n m) / N`. */
function classMeans({ memory, remember }: DistillationContext, teacher: tf.Tensor, labels: tf.Tensor1D): tf.Tensor2D {
  const [means, counts] = [memory?.['means'], memory?.['counts']]
  if (means === undefined || (counts !== undefined && remember === undefined)) {
    const problem = `nd: expected the class means in context.memory, got ${Object.keys(memory ?? {}).join(', ') || 'none'}.`
    throw new GpdError('plugin.invalid', problem, 'Pass what prepare() made, and `remember`, or use the trainer.')
  }
  if (counts === undefined) return means as tf.Tensor2D
  const members = withoutTape(() => tf.cast(oneHotLabels(labels, means.shape[0]!), 'float32') as tf.Tensor2D)
  const seen = withoutTape(() => tf.reshape(tf.sum(members, 0), counts.shape))
  const total = withoutTape(() => tf.add(counts, seen))
  const moved = withoutTape(() => {
    const sums = tf.matMul(members, teacher as tf.Tensor2D, true, false)
    return tf.add(means, tf.div(tf.sub(sums, tf.mul(means, seen)), tf.maximum(total, 1))) as tf.Tensor2D
  })
  remember?.('means', moved)
  remember?.('counts', total)
  return moved
}

/**
 * `ndRows` of a named tap, as plugins take it: the ND term of KD++, which adds it to `kd`. The usual weight is 1 to 2.
 *
 * The published class means are those of the whole training set, which `classMeans` of `@gpdjs/trainer` computes.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example nd({ student: 'pool', teacher: 'pool' })
 */
export function nd(options: NdOptions & Partial<TapOptions> = {}): DistillationLoss {
  const filled = fillOptions('nd', { ...OPTIONS, ...VECTOR_TAPS }, options)
  const { student, teacher, centers, project: projected, softLabels } = filled
  const taps = pairOneTap('nd', student, teacher)
  return featureLoss({
    name: 'nd',
    distribution: 'categorical',
    ...needsIndex(softLabels),
    taps,
    check: (where, s, t) => checkVectors(where, s, t, projected),
    prepare([pair], setup) {
      const [from, to] = [pair!.student.at(-1)!, pair!.teacher.at(-1)!]
      return {
        ...(from !== to && { ...widthTensors(from, to), leastBatch: 2 }),
        memory: centersMemory(setup, to, centers),
      }
    },
    compute: eachPair((pair, context) => {
      const labels = classIndices('nd', pair.teacher, context.labels, softLabels)()
      return ndRows(inTeachersWidth(pair, context), pair.teacher, labels, classMeans(context, pair.teacher, labels))
    }),
  })
}
