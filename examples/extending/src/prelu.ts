import * as tf from '@tensorflow/tfjs'
import { channelAxis, defineOp, kinds, option, sizeOf } from '@gpdjs/core'

const ATTRIBUTES = {
  /** Slope for x < 0 before training (default 0.25). */
  initial: option(kinds.nonNegative, 0.25),
}

/**
 * `x` where x > 0, `slope · x` elsewhere, with one learned slope per channel.
 *
 * @see He et al., "Delving Deep into Rectifiers", ICCV 2015
 */
export const prelu = defineOp({
  // Not that of an op that is there already: @gpdjs/core has a `prelu`.
  name: 'ownPrelu',
  attributes: ATTRIBUTES,
  infer({ attributes: { initial }, inputs }) {
    const { shape, channels } = inputs[0]!
    const slope = {
      name: 'slope',
      axes: [channelAxis(channels)],
      initializer: { kind: 'constant', value: initial } as const,
      decay: false,
    }
    return { shape, channels, parameters: [slope], multiplyAdds: sizeOf(shape) }
  },
  apply: ({ inputs, parameters }) => tf.prelu(inputs[0]!, parameters['slope']!),
})
