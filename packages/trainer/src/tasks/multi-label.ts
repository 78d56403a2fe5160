import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, type Given, type Labels, type Rows, type Task } from '@gpdjs/core'
import { binaryCrossEntropyRows } from '@gpdjs/kd-losses'
import { CLASSIFICATION_OPTIONS } from './classification.ts'
import { checkNetworks, firstOf, LABEL, OUTPUT } from './logits.ts'

export const MULTI_LABEL_OPTIONS = CLASSIFICATION_OPTIONS

export type MultiLabelOptions = Given<typeof MULTI_LABEL_OPTIONS>

/** Whether a label holds, with a logit above 0, or should, with a share above ½: the mean over the labels of each row. */
function rightShares({ logits, labels }: Rows): tf.Tensor {
  const expected = tf.greater(tf.reshape(tf.cast(labels, 'float32'), logits.shape), 0.5)
  return tf.mean(tf.cast(tf.equal(tf.greater(logits, 0), expected), 'float32'), 1)
}

/**
 * Several labels that hold or not, each by itself, or one such label (binary classification): networks put out `logits`
 * `[labels]`, those of sigmoids; batches hold `label`, float32 `[labels]` of 0 and 1 (or shares between), for networks with one
 * logit also int32 `[]`. A row is a sample. The objective is the binary cross-entropy, summed over the labels. Judged by `acc`,
 * the share of labels that the sign of the logit has right; `loss` is the mean of the objective in nats.
 *
 * Losses that take logits for a softmax are refused; `binaryKd()` distils these.
 *
 * @example distill({ ...options, task: multiLabel(), plugins: staticTeacher({ ...teacher, loss: binaryKd() }) })
 */
export function multiLabel(options: MultiLabelOptions = {}): Task<'acc' | 'loss'> {
  const { weight, views } = fillOptions('multiLabel', MULTI_LABEL_OPTIONS, options)
  return {
    name: 'multi-label',
    outputs: [OUTPUT],
    distribution: 'bernoulli',
    fields: {
      [LABEL]: [
        { shape: ['labels'], dtype: 'float32' },
        { shape: [], dtype: 'int32' },
      ],
    },
    rows: (outputs, fields) => ({ logits: outputs[OUTPUT] as tf.Tensor2D, labels: fields[LABEL] as Labels }),
    objective: {
      name: 'binary-cross-entropy',
      weight,
      views,
      compute: ({ logits, labels }) => binaryCrossEntropyRows(logits, labels),
    },
    measure: (rows) => ({ acc: tf.mean(rightShares(rows)) }),
    judge: { metric: 'acc', goal: 'max' },
    check(networks, fields, source) {
      checkNetworks(networks, 'labels')
      const { name, logits } = firstOf(networks)
      const { dtype, shape, size = 2 } = fields[LABEL]!
      const [found, expected] = dtype === 'float32' ? [shape[0]!, logits] : [logits, 1]
      if (found !== expected) {
        const given = dtype === 'float32' ? `${found} labels` : 'one label as a whole number'
        const problem = `The ${source} data has ${given} for each sample, the ${name} ${logits}.`
        throw new GpdError('data.mismatch', problem, 'Give a 0 or 1 for each logit, float32 [samples, labels].')
      }
      if (dtype === 'float32' || size === 2) return
      const problem = `The ${source} data has ${size} classes, a yes or no has 2.`
      throw new GpdError('data.mismatch', problem, 'Give 0 and 1, or use classification().')
    },
    entries(_, { [LABEL]: label }) {
      if (label === undefined) return {}
      return { [LABEL]: label.dtype === 'float32' ? { kind: 'shares' } : { kind: 'index', size: 2 } }
    },
  }
}
