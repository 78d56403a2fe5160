import { channelAxis } from '../axes/axes.ts'
import { ones, zeros } from '../axes/parameters.ts'
import { layerNorm as normalizeRows } from '../tensor-ops/layer-norm.ts'
import { defineOp } from './op.ts'

export interface LayerNormAttributes {
  readonly epsilon: number
}

/**
 * Layer normalization over the last axis. Copies of the channels have the same mean and variance as the channels, so
 * an expanded network normalizes alike.
 *
 * @see Ba, Kiros and Hinton, "Layer Normalization", 2016
 */
export const layerNorm = defineOp<LayerNormAttributes, Partial<LayerNormAttributes>>({
  name: 'layerNorm',
  defaults: { epsilon: 1e-6 },
  infer({ inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const axes = [channelAxis(groups.tieAll(channels))]
    return {
      shape,
      channels,
      parameters: [
        { name: 'weight', axes, initializer: ones, decay: false },
        { name: 'bias', axes, initializer: zeros, decay: false },
      ],
    }
  },
  apply({ attributes, inputs, parameters }) {
    return normalizeRows(inputs[0]!, parameters['weight']!, parameters['bias']!, attributes.epsilon)
  },
})
