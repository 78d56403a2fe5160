import * as tf from '@tensorflow/tfjs'
import { GpdError } from '@gpdjs/core'
import { checkLogits, checkTensor, shapeOf } from '../support/check-inputs.ts'
import { closedForm } from '../support/closed-form.ts'
import { weighted } from '../support/log-space.ts'
import { meanOf } from '../support/sums.ts'

/**
 * Shares of 0 to 1, float32 `[rows, labels]`, made when they are asked for. With one logit a row, int32 `[rows]` of 0 and 1
 * will do.
 *
 * @throws GpdError `data.mismatch` for labels of another shape
 */
function labelShares({ shape }: tf.Tensor2D, labels: tf.Tensor): () => tf.Tensor2D {
  checkTensor('binaryCrossEntropy', labels)
  const [rows, count] = shape
  const isColumn = count === 1 && labels.rank === 1
  if (labels.shape[0] === rows && (isColumn || (labels.rank === 2 && labels.shape[1] === count))) {
    return () => tf.cast(isColumn ? tf.reshape(labels, shape) : (labels as tf.Tensor2D), 'float32')
  }
  const found = `${labels.dtype} ${shapeOf(labels)}`
  const problem = `binaryCrossEntropy: expected labels of shape [${rows}, ${count}], got ${found}.`
  throw new GpdError(
    'data.mismatch',
    problem,
    'Give a 0 or 1 for each label; a class out of several takes crossEntropy.',
  )
}

/** `binaryCrossEntropy` of each row, before the mean is taken: `[rows]`. The same arguments and errors. */
export function binaryCrossEntropyRows(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor1D {
  checkLogits('binaryCrossEntropy', logits)
  const shares = labelShares(logits, labels)
  return closedForm(logits, {
    value(z) {
      const y = shares()
      // −log σ(z) = softplus(−z), with no exponential of a large number; a share of 0 adds nothing, even where z is infinite
      const each = tf.add(weighted(y, tf.softplus(tf.neg(z))), weighted(tf.sub(1, y), tf.softplus(z)))
      return { rows: tf.sum(each, 1), saved: { z, y } }
    },
    gradient: ({ z, y }) => tf.sub(tf.sigmoid(z), y),
  })
}

/**
 * Binary cross-entropy of labels that hold or not, each by itself: `mean_b Σ_l max(z, 0) − z y + log(1 + e^{−|z|})`, which is
 * `−y log σ(z) − (1 − y) log σ(−z)`. Its gradient in a row is `(σ(z) − y) / batch`.
 *
 * @param logits `[batch, labels]`
 * @param labels 0 to 1, `[batch, labels]`; where there is one label also int32 `[batch]`. Values are not checked
 * @returns scalar, in nats, summed over the labels
 * @throws GpdError `network.shape` for logits that are not `[batch, labels]`, `data.mismatch` for labels of another shape
 * @example binaryCrossEntropy(tf.tensor2d([[0, 0]]), tf.tensor2d([[1, 0]])) // 2 ln 2 = 1.386…
 */
export const binaryCrossEntropy = meanOf(binaryCrossEntropyRows)
