import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { checkSegments } from '../axes/limits.ts'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Rows and columns of a block (default 2). */
  size: option(kinds.count, 2),
}

/**
 * Positions of a block side by side as channels, row by row: `[height, width, channels]` →
 * `[height / size, width / size, size² · channels]`. Each of them keeps the channels' group, as if they were concatenated.
 *
 * @example g.add('merge', spaceToDepth(), 'image') // four neighbors become one position
 * @see Liu et al., "Swin Transformer", ICCV 2021, section 3.1 (patch merging)
 */
export const spaceToDepth = defineOp({
  name: 'spaceToDepth',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { size }, inputs }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const [height, width, depth] = shape as [number, number, number]
    if (shape.length !== 3 || height % size !== 0 || width % size !== 0) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected an image that divides into blocks of ${size}×${size}, got [${shape.join(', ')}].`,
      )
    }
    checkSegments(node, size * size * channels.length)
    return {
      shape: [height / size, width / size, size * size * depth],
      channels: Array.from({ length: size * size }, () => channels).flat(),
    }
  },
  apply({ attributes: { size }, inputs }) {
    const [batch, height, width, depth] = inputs[0]!.shape as [number, number, number, number]
    const blocks = tf.reshape(inputs[0]!, [batch, height / size, size, width / size, size, depth])
    const joined = tf.transpose(blocks, [0, 1, 3, 2, 4, 5])
    return tf.reshape(joined, [batch, height / size, width / size, size * size * depth])
  },
})
