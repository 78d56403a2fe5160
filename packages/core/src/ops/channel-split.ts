import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option, type Filled } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** Into how many equal parts the channels fall (default 2). */
  parts: option(kinds.count, 2),
  /** Which part is taken, from 0. */
  index: needed(kinds.countOrNone),
  /** How many times the channels stand in the input: 1, or the expansion ratio of a widened network (default 1). */
  copies: option(kinds.count, 1),
}

export type ChannelSplitAttributes = Filled<typeof ATTRIBUTES>

/**
 * One of several equal parts of the channels. Expanding takes that part of each copy, so that a part of copies is copies
 * of a part.
 *
 * @see Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", 2018, section 3.2
 */
export const channelSplit = defineOp({
  name: 'channelSplit',
  attributes: ATTRIBUTES,
  infer({ node, attributes: { parts, index, copies }, inputs, groups }) {
    const [{ shape, channels }] = inputs as [(typeof inputs)[number]]
    const size = shape.at(-1)!
    if (size % (parts * copies) !== 0 || !(index >= 0 && index < parts)) {
      const found = `part ${index} of ${size} channels`
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected channels that divide into ${parts} parts, got ${found}.`,
      )
    }
    const plain = channels.length === 1 && channels[0]!.repeat === 1
    if (!plain) groups.fix(channels)
    return {
      shape: [...shape.slice(0, -1), size / parts],
      channels: [{ size: size / parts, group: plain ? channels[0]!.group : null, repeat: 1 }],
    }
  },
  apply({ attributes: { parts, index, copies }, inputs }) {
    const x = inputs[0]!
    const [outer, size] = [x.shape.slice(0, -1), x.shape.at(-1)! / (parts * copies)]
    const blocks = tf.reshape(x, [-1, copies, parts, size])
    const taken = tf.slice(blocks, [0, 0, index, 0], [-1, copies, 1, size])
    return tf.reshape(taken, [...outer, copies * size])
  },
  widen: (attributes, { input }) => ({ ...attributes, copies: attributes.copies * input }),
})
