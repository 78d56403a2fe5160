import * as tf from '@tensorflow/tfjs'
import { GpdError } from '../errors.ts'
import { channelAxis, fixedAxis } from '../network/axes.ts'
import type { Initializer } from '../network/parameters.ts'
import { expectRank } from './expect-rank.ts'
import { defineOp } from './op.ts'

type NoAttributes = Record<never, never>

/** Deviation of learned tokens and positions before training, as in ViT. */
const SMALL: Initializer = { kind: 'normal', deviation: 0.02 }

/** `[height, width, channels]` → `[height · width, channels]`, row by row. */
export const toTokens = defineOp<NoAttributes>({
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

export interface ToMapAttributes {
  readonly height: number
  readonly width: number
}

/** `[height · width, channels]` → `[height, width, channels]`: the other way round. */
export const toMap = defineOp<ToMapAttributes>({
  name: 'toMap',
  infer(context) {
    const { height, width } = context.attributes
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    if (tokens !== height * width)
      throw new GpdError(
        'network.shape',
        `Node '${context.node}': ${tokens} tokens do not make a map of ${height}×${width}.`,
      )
    return { shape: [height, width, channels], channels: context.inputs[0]!.channels }
  },
  apply: ({ attributes: { height, width }, inputs }) =>
    tf.reshape(inputs[0]!, [inputs[0]!.shape[0]!, height, width, inputs[0]!.shape[2]!]),
})

/** Puts learned tokens in front: `[tokens, channels]` → `[count + tokens, channels]`. Dosovitskiy et al., 2021. */
export const prependTokens = defineOp<{ readonly count: number }, { readonly count?: number }>({
  name: 'prependTokens',
  defaults: { count: 1 },
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
export const positionEmbedding = defineOp<NoAttributes>({
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

/** One token out of many: `[tokens, channels]` → `[channels]`. */
export const takeToken = defineOp<{ readonly index: number }, { readonly index?: number }>({
  name: 'takeToken',
  defaults: { index: 0 },
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
export const swapTokens = defineOp<NoAttributes>({
  name: 'swapTokens',
  infer(context) {
    const [tokens, channels] = expectRank(context, 2, 'tokens [tokens, channels]') as [number, number]
    context.groups.fix(context.inputs[0]!.channels)
    return { shape: [channels, tokens], channels: [{ size: tokens, group: null, repeat: 1 }] }
  },
  apply: ({ inputs }) => tf.transpose(inputs[0]!, [0, 2, 1]),
})
