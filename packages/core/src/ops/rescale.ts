import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

export interface RescaleAttributes {
  /** One number for each channel. */
  readonly factor: readonly number[]
  readonly shift: readonly number[]
}

/**
 * `y_c = factor_c · x_c + shift_c` with constants, such as the change from one normalization of images to another. Its
 * channels keep their number in every expansion.
 */
export const rescale = defineOp<RescaleAttributes>({
  name: 'rescale',
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
