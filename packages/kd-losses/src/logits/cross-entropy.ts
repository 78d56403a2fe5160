import * as tf from '@tensorflow/tfjs'
import { checkLogits } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { classShares } from '../support/labels.ts'
import { weighted } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'

/**
 * `−Σ_c target_c · log softmax(logits)_c` of each row, for a target that is a constant and sums to 1; its gradient is
 * `softmax(logits) − target`.
 *
 * @param logits `[rows, classes]`
 * @param target makes the probabilities, `[rows, classes]`; called off the tape
 */
export function targetCrossEntropy(logits: tf.Tensor2D, target: () => tf.Tensor): tf.Tensor1D {
  return closedForm(logits, {
    value: (x) => {
      const logProbabilities = tf.logSoftmax(x)
      const probabilities = target()
      const rows = tf.neg(tf.sum<tf.Tensor1D>(weighted(probabilities, logProbabilities), 1))
      return { rows, saved: { logProbabilities, probabilities } }
    },
    gradient: ({ logProbabilities, probabilities }) => tf.sub(tf.exp(logProbabilities), probabilities),
  })
}

/** `crossEntropy` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function crossEntropyRows(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor1D {
  checkLogits('crossEntropy', logits)
  return targetCrossEntropy(logits, classShares('crossEntropy', logits, labels))
}

/**
 * Cross-entropy with labels: `−mean_b Σ_c y_c · log softmax(logits)_c`, which is `−mean_b log softmax(logits)_y` where each row
 * has one class. Its gradient in a row is `(softmax(logits) − y) / batch`.
 *
 * @param logits `[batch, classes]`
 * @param labels class indices, int32 `[batch]`, each from 0 to classes − 1; or a share of each class, `[batch, classes]`,
 *   at least 0 and of sum 1 in each row: one-hot labels, mixtures. The values are not checked, since that would mean to
 *   wait for the backend; an index outside adds 0 to the loss
 * @returns scalar, in nats
 * @throws GpdError `network.shape` for logits that are not `[batch, classes]`, `data.mismatch` for other labels
 * @example crossEntropy(tf.tensor2d([[0, 0]]), tf.tensor1d([1], 'int32')) // ln 2 = 0.693…
 * @example crossEntropy(tf.tensor2d([[0, 0]]), tf.tensor2d([[0.3, 0.7]])) // ln 2 too
 */
export const crossEntropy = meanOf(crossEntropyRows)
