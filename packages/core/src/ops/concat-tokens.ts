import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

/**
 * One sequence after another: `[a, channels]` and `[b, channels]` → `[a + b, channels]`, for networks that read a query and
 * a document together. Their channel groups become one.
 */
export const concatTokens = defineOp({
  name: 'concatTokens',
  arity: [2, Infinity],
  infer({ node, inputs, groups }) {
    const width = inputs[0]!.shape.at(-1)!
    if (inputs.some(({ shape }) => shape.length !== 2 || shape[1] !== width)) {
      const found = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')
      throw new GpdError('network.shape', `Node '${node}': expected tokens with the same channels, got ${found}.`)
    }
    const tokens = inputs.reduce((sum, { shape }) => sum + shape[0]!, 0)
    return { shape: [tokens, width], channels: groups.join(inputs.map(({ channels }) => channels)) }
  },
  apply: ({ inputs }) => tf.concat([...inputs], 1),
})
