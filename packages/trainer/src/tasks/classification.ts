import * as tf from '@tensorflow/tfjs'
import { fillOptions, GpdError, kinds, option, type Given, type Network, type Task } from '@gpdjs/core'
import { crossEntropyRows } from '@gpdjs/kd-losses'
import { schedules } from '../schedule.ts'

export const CLASSIFICATION_OPTIONS = {
  /** Weight of the cross-entropy with the labels, for every learner, a number or a schedule; 0 for pure distillation (default 1). */
  weight: option(schedules, 1),
  /** Further views of the images whose cross-entropy with the labels is added, such as `['strong']` (default: none). */
  views: option(kinds.listOf(kinds.text, { least: 0, expected: 'a list of texts' }), []),
}

export type ClassificationOptions = Given<typeof CLASSIFICATION_OPTIONS>

/** Rows whose largest logit is the label's. One that holds NaN or an infinity is never right: `argMax` of it says nothing. */
function rightRows(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const areFinite = tf.equal(tf.sum(tf.mul(logits, 0), 1), 0)
  return tf.logicalAnd(areFinite, tf.equal(tf.argMax(logits, 1), labels)) as tf.Tensor1D
}

const OUTPUT = 'logits'
const LABEL = 'label'

const classesOf = ({ shapes, outputs }: Network): number => shapes[outputs[OUTPUT]!]!.at(-1)!

/** @throws GpdError `data.mismatch` unless all networks have the same number of classes */
function checkNetworks(networks: Readonly<Record<string, Network>>): void {
  const [[, student], ...others] = Object.entries(networks) as [[string, Network], ...[string, Network][]]
  const other = others.find(([, network]) => classesOf(network) !== classesOf(student))
  if (!other) return
  throw new GpdError(
    'data.mismatch',
    `'${other[0]}' has ${classesOf(other[1])} classes, the student ${classesOf(student)}.`,
    'Distillation of logits needs the same classes in the same order.',
  )
}

/**
 * One class out of several for each sample: networks put out `logits` `[classes]`, batches hold `label`, a class index.
 * A row is a sample. Judged by `acc`, the share of samples whose largest logit is the label's; `loss` is the mean
 * cross-entropy in nats.
 *
 * @example distill({ …, task: classification({ weight: 0.1 }) }) // the labels count a tenth
 */
export function classification(options: ClassificationOptions = {}): Task<'acc' | 'loss'> {
  const { weight, views } = fillOptions('classification', CLASSIFICATION_OPTIONS, options)
  return {
    name: 'classification',
    outputs: [OUTPUT],
    fields: { [LABEL]: { shape: [], dtype: 'int32' } },
    rows: (outputs, fields) => ({ logits: outputs[OUTPUT] as tf.Tensor2D, labels: fields[LABEL] as tf.Tensor1D }),
    objective: {
      name: 'cross-entropy',
      weight,
      views,
      compute: ({ logits, labels }) => crossEntropyRows(logits, labels),
    },
    measure: ({ logits, labels }) => ({
      acc: tf.mean(tf.cast(rightRows(logits, labels), 'float32')),
    }),
    judge: { metric: 'acc', goal: 'max' },
    check(networks, fields, source) {
      checkNetworks(networks)
      const [[name, network]] = Object.entries(networks) as [[string, Network]]
      const { size } = fields[LABEL]!
      if (size === undefined || size === classesOf(network)) return
      const problem = `The ${source} data has ${size} classes, the ${name} ${classesOf(network)}.`
      throw new GpdError('data.mismatch', problem, 'Give the network as many outputs as there are classes.')
    },
  }
}
