import * as tf from '@tensorflow/tfjs'
import {
  fillOptions,
  GpdError,
  kinds,
  option,
  scheduleKind,
  type FieldSpec,
  type Given,
  type Labels,
  type Task,
} from '@gpdjs/core'
import { crossEntropyRows } from '@gpdjs/kd-losses'
import { checkNetworks, firstOf, LABEL, OUTPUT } from './logits.ts'

export const CLASSIFICATION_OPTIONS = {
  /** Weight of the cross-entropy with the labels, for every learner, a number or a schedule; 0 for pure distillation (default 1). */
  weight: option(scheduleKind, 1),
  /** Further views of the images whose cross-entropy with the labels is added, such as `['strong']` (default: none). */
  views: option(kinds.listOf(kinds.text, { least: 0, expected: 'a list of texts' }), []),
}

export type ClassificationOptions = Given<typeof CLASSIFICATION_OPTIONS>

const isSoft = ({ dtype }: FieldSpec): boolean => dtype === 'float32'

/** How many classes the labels are of; undefined where indices do not say. */
const classesOf = (label: FieldSpec): number | undefined => (isSoft(label) ? label.shape[0] : label.size)

/** The class of each row: that of the greatest share. */
const indexOf = (labels: Labels): tf.Tensor => (labels.rank === 2 ? tf.argMax(labels, 1) : labels)

/** @throws GpdError `data.mismatch` for a network with one logit, whose softmax is always 1 */
function checkSeveral({ name, logits }: ReturnType<typeof firstOf>): void {
  if (logits > 1) return
  const problem = `The ${name} has one logit, whose softmax is always 1: nothing can be learnt.`
  throw new GpdError('data.mismatch', problem, 'Use task: multiLabel() for a yes or no, or two logits for two classes.')
}

/**
 * One class out of several for each sample: networks put out `logits` `[classes]`, batches hold `label`, a class index, int32 `[]`,
 * or a share of every class, float32 `[classes]` (one-hot labels, mixtures such as mixup makes). A row is a sample. Judged by
 * `acc`, the share of samples whose largest logit is that of the label's (greatest) class; `loss` is the mean cross-entropy in
 * nats.
 *
 * @example distill({ ...options, task: classification({ weight: 0.1 }) }) // the labels count a tenth
 */
export function classification(options: ClassificationOptions = {}): Task<'acc' | 'loss'> {
  const { weight, views } = fillOptions('classification', CLASSIFICATION_OPTIONS, options)
  return {
    name: 'classification',
    outputs: [OUTPUT],
    fields: {
      [LABEL]: [
        { shape: [], dtype: 'int32' },
        { shape: ['classes'], dtype: 'float32' },
      ],
    },
    rows: (outputs, fields) => ({ logits: outputs[OUTPUT] as tf.Tensor2D, labels: fields[LABEL] as Labels }),
    objective: {
      name: 'cross-entropy',
      weight,
      views,
      compute: ({ logits, labels }) => crossEntropyRows(logits, labels),
    },
    measure: ({ logits, labels }) => ({
      acc: tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), indexOf(labels)), 'float32')),
    }),
    judge: { metric: 'acc', goal: 'max' },
    check(networks, fields, source) {
      checkNetworks(networks, 'classes')
      const first = firstOf(networks)
      checkSeveral(first)
      const classes = classesOf(fields[LABEL]!)
      if (classes === undefined || classes === first.logits) return
      const problem = `The ${source} data has ${classes} classes, the ${first.name} ${first.logits}.`
      const isColumn = isSoft(fields[LABEL]!) && classes === 1
      const indices = ' A column of class indices is to be one axis shorter: tf.squeeze(ys, [1]).'
      const fix = `Give the network as many outputs as there are classes.${isColumn ? indices : ''}`
      throw new GpdError('data.mismatch', problem, fix)
    },
    entries(networks, { [LABEL]: label }) {
      if (label === undefined) return {}
      return { [LABEL]: isSoft(label) ? { kind: 'distribution' } : { kind: 'index', size: firstOf(networks).logits } }
    },
  }
}
