import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** What each channel is multiplied by: one number for each. */
  factor: needed(kinds.listOf(kinds.finite)),
  /** What is added to each channel then. */
  shift: needed(kinds.listOf(kinds.finite)),
}

/**
 * `y_c = factor_c · x_c + shift_c` with constants, such as the change from one normalization of images to another. Its
 * channels keep their number in every expansion.
 */
export const rescale = defineOp({
  name: 'rescale',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { factor, shift }, inputs, groups }) {
    const { shape, channels } = inputs[0]!
    groups.fix(channels)
    const width = shape.at(-1) ?? 1
    if (factor.length !== width || shift.length !== width) {
      const found = `${factor.length} factors and ${shift.length} shifts`
      throw new GpdError('network.shape', `Node '${node}': expected one for each of ${width} channels, got ${found}.`)
    }
    return { shape, channels }
  },
  apply: ({ attributes: { factor, shift }, inputs }) =>
    tf.add(tf.mul(inputs[0]!, tf.tensor1d([...factor])), tf.tensor1d([...shift])),
})
