import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { channelAxis, fixedAxis } from '../axes/axes.ts'
import type { Initializer } from '../axes/parameters.ts'
import { expectRank } from './expect-rank.ts'
import * as kinds from '../options/kinds.ts'
import { needed, option } from '../options/option.ts'
import { defineOp } from './op.ts'

/** Deviation of learned tokens and positions before training, as in ViT. */
const SMALL: Initializer = { kind: 'normal', deviation: 0.02 }

/** `[height, width, channels]` → `[height · width, channels]`, row by row. */
export const toTokens = defineOp({
  name: 'toTokens',
  infer(context) {
    const [height, width, channels] = expectRank(context, 3, 'a map [height, width, channels]') as [
      number,
      number,
      number,
    ]
    return { shape: [height * width, channels], channels: context.inputs[0]!.channels }
  },
  apply({ inputs }) {
    const [batch, height, width, channels] = inputs[0]!.shape as [number, number, number, number]
    return tf.reshape(inputs[0]!, [batch, height * width, channels])
  },
})

const MAP = {
  /** Rows of the map. */
  height: needed(kinds.count),
  /** Columns of the map. */
  width: needed(kinds.count),
}

/** `[height · width, channels]` → `[height, width, channels]`: the other way round; or `[channels]` → `[1, 1, channels]`. */
export const toMap = defineOp({
  name: 'toMap',
  attributes: MAP,
  infer(context) {
    const { height, width } = context.attributes
    const { shape } = context.inputs[0]!
    const isVector = shape.length === 1
    const [tokens, channels] = (isVector ? [1, ...shape] : expectRank(context, 2, 'tokens [tokens, channels]')) as [
      number,
      number,
    ]
    if (tokens !== height * width)
      throw new GpdError(
        'network.shape',
        `Node '${context.node}': ${tokens} tokens do not make a map of ${height}×${width}.`,
      )
    return { shape: [height, width, channels], channels: context.inputs[0]!.channels }
  },
  apply: ({ attributes: { height, width }, inputs }) =>
    tf.reshape(inputs[0]!, [inputs[0]!.shape[0]!, height, width, inputs[0]!.shape.at(-1)!]),
})

const LEARNED = {
  /** How many tokens (default 1). */
  count: option(kinds.count, 1),
}

/** Puts learned tokens in front: `[tokens, channels]` → `[count + tokens, channels]`. Dosovitskiy et al., 2021. */
export const prependTokens = defineOp({
  name: 'prependTokens',
  attributes: LEARNED,
  infer(context) {
    const { count } = context.attributes
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    const layout = context.inputs[0]!.channels
    return {
      shape: [count + tokens, channels],
      channels: layout,
      parameters: [{ name: 'token', axes: [fixedAxis(count), channelAxis(layout)], initializer: SMALL, decay: false }],
    }
  },
  apply({ inputs, parameters }) {
    const [x, token] = [inputs[0] as tf.Tensor3D, parameters['token'] as tf.Tensor2D]
    const each = tf.tile(tf.expandDims<tf.Tensor3D>(token, 0), [x.shape[0], 1, 1])
    return tf.concat([each, x], 1)
  },
})

/** Adds a learned vector to each position. */
export const positionEmbedding = defineOp({
  name: 'positionEmbedding',
  infer(context) {
    const shape = expectRank(context, 2, 'tokens [tokens, channels]')
    const { channels } = context.inputs[0]!
    return {
      shape,
      channels,
      parameters: [
        { name: 'embedding', axes: [fixedAxis(shape[0]!), channelAxis(channels)], initializer: SMALL, decay: false },
      ],
    }
  },
  apply: ({ inputs, parameters }) => tf.add(inputs[0]!, parameters['embedding']!),
})

const TAKEN = {
  /** Which one, from 0 (default 0). */
  index: option(kinds.countOrNone, 0),
}

/** One token out of many: `[tokens, channels]` → `[channels]`. */
export const takeToken = defineOp({
  name: 'takeToken',
  attributes: TAKEN,
  infer(context) {
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    const { index } = context.attributes
    if (!(index >= 0 && index < tokens))
      throw new GpdError('network.shape', `Node '${context.node}': there is no token ${index} among ${tokens}.`)
    return { shape: [channels], channels: context.inputs[0]!.channels }
  },
  apply: ({ attributes: { index }, inputs }) => tf.squeeze(tf.slice(inputs[0]!, [0, index, 0], [-1, 1, -1]), [1]),
})

/** Swaps the two axes of tokens, for layers that mix positions: `[tokens, channels]` → `[channels, tokens]`. */
export const swapTokens = defineOp({
  name: 'swapTokens',
  infer(context) {
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    context.groups.fix(context.inputs[0]!.channels)
    return { shape: [channels, tokens], channels: [{ size: tokens, group: null, repeat: 1 }] }
  },
  apply: ({ inputs }) => tf.transpose(inputs[0]!, [0, 2, 1]),
})
