import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** The first one that is taken, from 0. */
  from: needed(kinds.countOrNone),
  /** How many are taken. */
  count: needed(kinds.count),
}

/** Some tokens out of many, next to each other: `[tokens, channels]` → `[count, channels]`. */
export const sliceTokens = defineOp({
  name: 'sliceTokens',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { from, count }, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    if (shape.length !== 2 || !(from >= 0 && count >= 1 && from + count <= shape[0]!)) {
      const wanted = `${count} tokens from ${from} on`
      throw new GpdError('network.shape', `Node '${node}': expected ${wanted}, got [${shape.join(', ')}].`)
    }
    return { shape: [count, shape[1]!], channels }
  },
  apply: ({ attributes: { from, count }, inputs }) => tf.slice(inputs[0]!, [0, from, 0], [-1, count, -1]),
})
