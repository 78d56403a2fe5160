import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

export interface SliceTokensAttributes {
  readonly from: number
  readonly count: number
}

/** Some tokens out of many, next to each other: `[tokens, channels]` → `[count, channels]`. */
export const sliceTokens = defineOp<SliceTokensAttributes>({
  name: 'sliceTokens',
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
