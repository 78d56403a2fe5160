import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed, type Filled } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** What each channel is multiplied by: one number for each. */
  factor: needed(kinds.listOf(kinds.finite)),
  /** What is added to each channel then. */
  shift: needed(kinds.listOf(kinds.finite)),
}

export type RescaleAttributes = Filled<typeof ATTRIBUTES>

/**
 * `y_c = factor_c · x_c + shift_c` with constants that no training changes, such as the change from pixels to normalized
 * ones: {@link normalize}. Expanding repeats the constants with the channels; those of a flattened map or of a
 * concatenation keep their number.
 *
 * @throws GpdError `network.shape` unless there is one of each per channel; `config.invalid` unless all are finite
 * @example g.add('signed', rescale({ factor: [2, 2, 2], shift: [-1, -1, -1] }), 'image') // 0…1 becomes −1…1
 */
export const rescale = defineOp({
  name: 'rescale',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { factor, shift }, inputs, groups }) {
    const { shape, channels } = inputs[0]!
    const width = shape.at(-1) ?? 1
    if (factor.length !== width || shift.length !== width) {
      const found = `${factor.length} factors and ${shift.length} shifts`
      throw new GpdError('network.shape', `Node '${node}': expected one for each of ${width} channels, got ${found}.`)
    }
    // Copies of a concatenation or of flattened positions do not stand side by side.
    if (channels.length > 1 || channels.some(({ repeat }) => repeat > 1)) groups.fix(channels)
    return { shape, channels }
  },
  apply: ({ attributes: { factor, shift }, inputs }) =>
    tf.add(tf.mul(inputs[0]!, tf.tensor1d([...factor])), tf.tensor1d([...shift])),
  widen: ({ factor, shift }, { output }) => ({ factor: copies(factor, output), shift: copies(shift, output) }),
})

const copies = (values: readonly number[], count: number): number[] =>
  Array.from({ length: count }, () => values).flat()
