import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { fixedAxis, outputAxis } from '../axes/axes.ts'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Channels of what comes out. */
  units: needed(kinds.count),
  /** Entries of the input are 0 … vocabulary − 1. */
  vocabulary: needed(kinds.count),
}

/** Rows of a table. Its gradient adds up the rows of `dy` one by one; that of `tf.gather` runs over the whole table. */
function rowsOf(table: tf.Tensor2D, indices: tf.Tensor): tf.Tensor {
  const rows = tf.customGrad((x, save) => {
    ;(save as tf.GradSaveFunc)([indices])
    return {
      value: tf.gather(x as tf.Tensor2D, indices as tf.Tensor1D),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.scatterND(tf.reshape(saved[0]!, [-1, 1]), tf.reshape(dy, [-1, table.shape[1]]), [...table.shape]),
    }
  })
  return rows(table)
}

/**
 * A learned vector for each of a number of things: `y[…] = W[x[…]]`, int32 `[…]` → `[…, units]`. For the words of a text
 * and the fields of a table alike; fields that share one table count their entries on from field to field.
 *
 * Expanding it repeats the vectors. As in a first layer nothing of its weight is summed over, so copies get no noise.
 * Entries outside of the vocabulary are not looked for: what reads the data checks them.
 */
export const embedding = defineOp({
  name: 'embedding',
  dtype: 'int32',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { units, vocabulary }, inputs, groups }) {
    const [{ shape, size }] = inputs as [(typeof inputs)[number]]
    if (size !== undefined && size > vocabulary) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected entries below ${vocabulary}, the vocabulary, but the input has entries up to ${size - 1}.`,
      )
    }
    const made = groups.start(node, units)
    const weight = {
      name: 'weight',
      axes: [fixedAxis(vocabulary), outputAxis(made)],
      initializer: { kind: 'normal', deviation: 0.02 } as const,
      decay: false,
    }
    return { shape: [...shape, units], channels: made, parameters: [weight] }
  },
  apply: ({ inputs, parameters }) => rowsOf(parameters['weight'] as tf.Tensor2D, inputs[0]!),
  widen: (attributes, { output }) => ({ ...attributes, units: attributes.units * output }),
})
