import * as tf from '@tensorflow/tfjs'
import * as kinds from '../options/kinds.ts'
import { option } from '../options/option.ts'
import { defineOp } from './op.ts'

const ATTRIBUTES = {
  /** How many times the channels stand in the input: 1, or the expansion ratio of a widened network (default 1). */
  copies: option(kinds.count, 1),
}

/** Sum over the channels, `[…, channels]` → `[…]`. The sum over copies is divided by their number. */
export const sumChannels = defineOp({
  name: 'sumChannels',
  attributes: ATTRIBUTES,
  infer({ inputs, groups }) {
    const { shape, channels } = inputs[0]!
    groups.tieAll(channels)
    const sums = shape.slice(0, -1)
    return { shape: sums, channels: [{ size: sums.at(-1) ?? 1, group: null, repeat: 1 }] }
  },
  apply: ({ attributes: { copies }, inputs }) => {
    const sum = tf.sum(inputs[0]!, -1)
    return copies === 1 ? sum : tf.div(sum, copies)
  },
  widen: (attributes, { input }) => ({ ...attributes, copies: attributes.copies * input }),
})
