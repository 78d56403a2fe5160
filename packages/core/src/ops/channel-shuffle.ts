import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { defineOp } from './op.ts'

/**
 * Channel shuffle of branches: `[a₁ a₂ …]` and `[b₁ b₂ …]` become `[a₁ b₁ a₂ b₂ …]`, which is their concatenation, seen
 * as a matrix of one row per branch, transposed.
 *
 * Taking the branches one by one, and not concatenated, makes the shuffle commute with copying channels: `[a a]` and
 * `[b b]` become two copies of the shuffled channels, so the result is one channel group that expands like any other.
 *
 * @see Zhang et al., "ShuffleNet", 2018; Ma et al., "ShuffleNet V2", 2018
 */
export const channelShuffle = defineOp({
  name: 'channelShuffle',
  arity: [2, Infinity],
  infer({ node, inputs, groups }) {
    const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`)
    if (new Set(shapes).size > 1) {
      throw new GpdError(
        'network.shape',
        `Node '${node}': expected branches of one shape, got ${shapes.join(' and ')}.`,
      )
    }
    const [first] = inputs as [(typeof inputs)[number]]
    const shape = [...first.shape.slice(0, -1), first.shape.at(-1)! * inputs.length]
    const plain = inputs.every(({ channels }) => channels.length === 1 && channels[0]!.repeat === 1)
    // Copies of a concatenation are not side by side: such channels keep their number.
    if (!plain) for (const { channels } of inputs) groups.fix(channels)
    const joined = groups.tieAll(inputs.flatMap(({ channels }) => channels))
    return { shape, channels: [{ size: shape.at(-1)!, group: joined[0]!.group, repeat: 1 }] }
  },
  apply({ inputs }) {
    const shape = inputs[0]!.shape
    return tf.reshape(tf.stack([...inputs], -1), [...shape.slice(0, -1), shape.at(-1)! * inputs.length])
  },
})
