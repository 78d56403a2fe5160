import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, kinds, option, withoutTape, type DistillationLoss, type Given } from '@gpdjs/core'
import { checkLeastBatch } from '../support/check-features.ts'
import { checkPair } from '../support/check-inputs.ts'
import { centered, norm } from '../support/vectors.ts'

const OPTIONS = {
  /** Weight of the relation between classes within each image, at least 0 (default 1). */
  beta: option(kinds.nonNegative, 1),
  /** Weight of the relation between images within each class, at least 0 (default 1). */
  gamma: option(kinds.nonNegative, 1),
  /** Divides both sides' logits; above 0, no unit (default 1; the paper uses 4 on CIFAR-100). */
  temperature: option(kinds.positive, 1),
}

export type DistOptions = Given<typeof OPTIONS>

const EPSILON = 1e-8

/** Vectors that deviate less than this from their mean, relative to their length, are constant but for rounding. */
const CONSTANT = 1e-6

/** 1 for vectors along an axis that vary, 0 for constant ones. */
const varies = (x: tf.Tensor, deviations: tf.Tensor, axis: number): tf.Tensor =>
  withoutTape(() => tf.cast(tf.greater(norm(deviations, axis), tf.mul(norm(x, axis), CONSTANT)), 'float32'))

/** `1 − ρ`, averaged over all vectors along an axis, with Pearson's `ρ(a, b) = ⟨ā, b̄⟩ / (‖ā‖ ‖b̄‖ + ε)`; ρ = 0 for constant vectors. */
function meanDistance(a: tf.Tensor, b: tf.Tensor, axis: number): tf.Scalar {
  const [x, y] = [centered(a, axis), centered(b, axis)]
  const lengths = tf.mul(norm(x, axis), norm(y, axis))
  const correlation = tf.div(tf.sum(tf.mul(x, y), axis, true), tf.add(lengths, EPSILON))
  // Otherwise the correlation of a constant vector would be that of its rounding errors.
  const counts = tf.mul(varies(a, x, axis), varies(b, y, axis))
  return tf.sub(1, tf.mean(tf.mul(correlation, counts)))
}

function checkClasses(classes: number): void {
  if (classes > 2) return
  const problem = `distLoss: expected at least 3 classes, got ${classes}.`
  throw new GpdError('config.invalid', problem, 'Between two classes every correlation is ±1: use kdLoss instead.')
}

/**
 * Distillation from a stronger teacher: `T² · [β · mean_b (1 − ρ(p_s[b, :], p_t[b, :])) + γ · mean_c (1 − ρ(p_s[:, c], p_t[:, c]))]`.
 *
 * ρ is Pearson's correlation, so only the relations of the probabilities are matched, not their values. The second term
 * depends on the batch size: keep it when you compare runs.
 *
 * @param student logits, `[batch, classes]`, at least 2 images and 3 classes
 * @param teacher logits, `[batch, classes]`; no gradient flows into them
 * @returns scalar from 0 to `2 T² (β + γ)`, no unit
 * @throws GpdError `network.shape` if the shapes differ, `data.mismatch` for one image, `config.invalid` for fewer than 3
 *   classes and options outside their range
 * @example distLoss(studentLogits, teacherLogits, { temperature: 4 })
 * @see Huang et al., "Knowledge Distillation from A Stronger Teacher", NeurIPS 2022, section 4
 */
export function distLoss(student: tf.Tensor, teacher: tf.Tensor, options: DistOptions = {}): tf.Scalar {
  const { beta, gamma, temperature } = fillOptions('distLoss', OPTIONS, options)
  checkPair('distLoss', student, teacher)
  checkLeastBatch('distLoss', student, 2)
  checkClasses(student.shape[1])
  return tf.tidy(() => {
    const p = tf.softmax(tf.div(student, temperature))
    const q = withoutTape(() => tf.softmax(tf.div(teacher, temperature)))
    const between = tf.mul(meanDistance(p, q, 1), beta * temperature ** 2)
    const within = tf.mul(meanDistance(p, q, 0), gamma * temperature ** 2)
    return tf.add(between, within)
  })
}

/**
 * `distLoss` with its options filled in, as plugins take it. The paper's weight is 2.
 *
 * @throws GpdError `config.unknown-key`, `config.invalid`
 * @example dist({ temperature: 4 })
 */
export function dist(options: DistOptions = {}): DistillationLoss {
  const filled = fillOptions('dist', OPTIONS, options)
  return {
    name: 'dist',
    distribution: 'categorical',
    comparesSamples: true,
    compute: ({ student, teacher }) => distLoss(student.logits, teacher.logits, filled),
  }
}
