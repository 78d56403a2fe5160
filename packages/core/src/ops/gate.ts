import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

/**
 * Each position times a number of its own: `[…, channels]` and `[…, 1]` → `[…, channels]`. Expanding copies the channels
 * and leaves the numbers as they are.
 *
 * @example g.add('weighed', gate(), 'image', g.add('rate', sigmoid(), g.add('score', conv2d({ filters: 1, kernelSize: 1 }), 'image')))
 */
export const gate = defineOp({
  name: 'gate',
  arity: [2, 2],
  infer({ node, inputs, groups }) {
    const [x, rates] = inputs as [(typeof inputs)[number], (typeof inputs)[number]]
    if (rates.shape.join() !== [...x.shape.slice(0, -1), 1].join()) {
      const found = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')
      throw new GpdError('network.shape', `Node '${node}': expected one number for each position, got ${found}.`)
    }
    groups.fix(rates.channels)
    return { shape: x.shape, channels: x.channels }
  },
  apply: ({ inputs }) => tf.mul(inputs[0]!, inputs[1]!),
})
