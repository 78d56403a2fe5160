import { channelAxis } from '../axes/axes.ts'
import { ones, zeros } from '../axes/parameters.ts'
import { layerNorm as normalizeRows } from '../tensor-ops/layer-norm.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Added to the variance (default 1e-6). */
  epsilon: option(kinds.nonNegative, 1e-6),
}

/**
 * Layer normalization over the last axis. Copies of the channels have the same mean and variance as the channels, so
 * an expanded network normalizes alike.
 *
 * @see Ba, Kiros and Hinton, "Layer Normalization", 2016
 */
export const layerNorm = defineOp({
  name: 'layerNorm',
  attributes: ATTRIBUTES,
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
