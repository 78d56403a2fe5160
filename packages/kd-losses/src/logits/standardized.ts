import * as tf from '@tensorflow/tfjs'
import {
  checkArgument,
  GpdError,
  lossKind,
  mapRecord,
  withoutTape,
  type ActorOutputs,
  type DistillationLoss,
  type PairOutputs,
} from '@gpdjs/core'
import { checkLogits } from '../support/check-inputs.ts'
import { norm } from '../support/vectors.ts'

/** Keeps constant logits from dividing by 0: they stay 0. */
const EPSILON = 1e-7

/** Sums of squares below this count as this, so that the gradient of constant logits stays finite. */
const FLOOR = 1e-12

/**
 * Logits with mean 0 and deviation 1 in each row: `(z − mean z) / (1e-7 + std z)`, with the unbiased deviation.
 *
 * A class whose logit is `−∞` is excluded: it stays so, and mean and deviation are those of the others.
 *
 * @param logits `[batch, classes]`, at least 2 classes
 * @returns `[batch, classes]`
 * @throws GpdError `network.shape` unless these are logits of at least 2 classes
 * @example standardizeLogits(tf.tensor2d([[1, 3]])) // [[−0.707, 0.707]]
 * @see Sun et al., "Logit Standardization in Knowledge Distillation", CVPR 2024, section 4
 */
export function standardizeLogits(logits: tf.Tensor): tf.Tensor2D {
  checkLogits('standardizeLogits', logits)
  const [, classes] = logits.shape
  if (classes < 2) {
    const problem = `standardizeLogits: expected at least 2 classes, got ${classes}.`
    throw new GpdError('network.shape', problem, 'One logit has no deviation.')
  }
  return tf.tidy((): tf.Tensor2D => {
    const isExcluded = withoutTape(() => tf.equal<tf.Tensor2D>(logits, -Infinity))
    const counts = withoutTape(() => tf.sub(classes, tf.sum(tf.cast(isExcluded, 'float32'), 1, true)))
    const zeros = tf.zerosLike(logits)
    // Where nothing is excluded, each of these factors is 1.
    const share = withoutTape(() => tf.div(classes, tf.maximum(counts, 1)))
    const finite = tf.where(isExcluded, zeros, logits)
    const mean = tf.mul(tf.mean(finite, 1, true), share)
    const difference = tf.where(isExcluded, zeros, tf.sub(finite, mean))
    const freedom = withoutTape(() => tf.sqrt(tf.maximum(tf.sub(counts, 1), 1)))
    const deviation = tf.div(norm(difference, 1, FLOOR), freedom)
    const excluded: tf.Tensor2D = tf.fill(logits.shape, -Infinity)
    return tf.where(isExcluded, excluded, tf.div<tf.Tensor2D>(difference, tf.add(deviation, EPSILON)))
  })
}

const standardizedOutputs = (outputs: ActorOutputs): ActorOutputs => ({
  ...outputs,
  logits: standardizeLogits(outputs.logits),
})

const standardizedPair = ({ student, teacher }: PairOutputs): PairOutputs => ({
  student: standardizedOutputs(student),
  teacher: standardizedOutputs(teacher),
})

/**
 * Any loss of logits with both sides' logits standardized, so that the student need not match the teacher's scale.
 *
 * The paper takes temperature 2 and the weight 9 (for `dkd`: `alpha` and `beta` times 9).
 *
 * @param loss of logits; taps that it reads stay as they are
 * @throws GpdError `config.invalid` for anything but a loss; `network.shape` for fewer than 2 classes, when computed
 * @example standardized(kd({ temperature: 2 })).name // 'standardized-kd'
 * @see Sun et al., "Logit Standardization in Knowledge Distillation", CVPR 2024
 */
export function standardized(loss: DistillationLoss): DistillationLoss {
  checkArgument('standardized', 'loss', lossKind, loss)
  return {
    ...loss,
    name: `standardized-${loss.name}`,
    compute: (context) =>
      loss.compute({
        ...context,
        ...standardizedPair(context),
        ...(context.views && { views: mapRecord(context.views, standardizedPair) }),
      }),
  }
}
