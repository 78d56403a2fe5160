import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

/**
 * Mean of inputs of one shape, number by number: their channel groups become one. For networks with several heads, whose
 * logits are averaged.
 *
 * @see Touvron et al., "Training data-efficient image transformers & distillation through attention", 2021, section 4
 */
export const average = defineOp({
  name: 'average',
  arity: [2, Infinity],
  infer({ node, inputs, groups }) {
    const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`)
    if (new Set(shapes).size > 1) {
      throw new GpdError('network.shape', `Node '${node}': expected inputs of one shape, got ${shapes.join(' and ')}.`)
    }
    return { shape: inputs[0]!.shape, channels: groups.join(inputs.map(({ channels }) => channels)) }
  },
  apply: ({ inputs }) => tf.div(tf.addN([...inputs]), inputs.length),
})
