import * as tf from '@tensorflow/tfjs'
import { channelAxis, defineOp, sizeOf } from '@gpdjs/core'

export interface PreluAttributes {
  /** Slope for x < 0 before training. */
  readonly initial: number
}

/**
 * `x` where x > 0, `slope · x` elsewhere, with one learned slope per channel.
 *
 * @see He et al., "Delving Deep into Rectifiers", ICCV 2015
 */
export const prelu = defineOp<PreluAttributes, Partial<PreluAttributes>>({
  name: 'prelu',
  defaults: { initial: 0.25 },
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
