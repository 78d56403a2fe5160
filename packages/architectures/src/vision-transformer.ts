import {
  average,
  conv2d,
  dense,
  dropout,
  GpdError,
  graph,
  kinds,
  layerNorm,
  needed,
  option,
  optional,
  positionEmbedding,
  prependTokens,
  takeToken,
  toTokens,
  type Filled,
  type Given,
  type Graph,
  type Network,
  type Shape,
} from '@gpdjs/core'
import { dropPathRates, dropped } from './drop.ts'
import { classes, imageShape } from './options.ts'
import { tapBlocks } from './taps.ts'
import { transformerBlock, type BlockNames } from './transformer-block.ts'

export const VISION_TRANSFORMER = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]`, multiples of the patch size (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Side of a patch in pixels (default 16). */
  patchSize: option(kinds.count, 16),
  /** Blocks (default 12). */
  depth: option(kinds.count, 12),
  /** Channels of a token, a multiple of `heads` (default 768). */
  width: option(kinds.count, 768),
  /** Attention heads of each block (default 12). */
  heads: option(kinds.count, 12),
  /** Hidden units of the MLPs (default: 4 · width). */
  mlpWidth: optional(kinds.count),
  /** Rate of dropout behind embeddings, projections and MLP layers (default 0). */
  dropout: option(kinds.rate, 0),
  /** Rate of stochastic depth of the last block; it grows from 0 (default 0). */
  dropPath: option(kinds.rate, 0),
}

export type VisionTransformerOptions = Given<typeof VISION_TRANSFORMER>

/** What a library calls the parts of the network. */
export interface VisionTransformerNames {
  readonly patches: string
  readonly classToken: string
  readonly positions: string
  readonly block: (index: number) => string
  readonly blocks: BlockNames
  readonly norm: string
  readonly head: string
  /** A second token with a head of its own, which learns from a teacher. */
  readonly distillation?: { readonly token: string; readonly head: string }
}

function checkSizes(
  where: string,
  [height = 0, width = 0]: Shape,
  patchSize: number,
  channels: number,
  heads: number,
): void {
  if (height % patchSize !== 0 || width % patchSize !== 0) {
    const found = `${height} x ${width} pixels and patches of ${patchSize}`
    throw new GpdError('config.invalid', `${where}: patchSize: expected patches that fill the image, got ${found}.`)
  }
  if (channels % heads !== 0) {
    const found = `${channels} and ${heads} heads`
    throw new GpdError('config.invalid', `${where}: width: expected a multiple of the heads, got ${found}.`)
  }
}

/** Logits of the class token; with a distillation token, the mean of both heads' logits. */
function addHeads(g: Graph, tokens: string, names: VisionTransformerNames, classes: number): string {
  const pool = g.add('pool', takeToken({ index: 0 }), tokens)
  g.tap('pool', pool)
  const logits = g.add(names.head, dense({ units: classes }), pool)
  if (names.distillation === undefined) return logits
  const { head } = names.distillation
  const distilled = g.add('pool.distillation', takeToken({ index: 1 }), tokens)
  const taught = g.add(head, dense({ units: classes }), distilled)
  g.tap('pool.distillation', distilled)
  g.tap('head', logits)
  g.tap('head.distillation', taught)
  return g.add('logits', average(), logits, taught)
}

/**
 * Patches, a class token, learned positions, a stack of blocks, a linear layer on the class token.
 *
 * @throws GpdError `config.invalid` unless patches fill the image and the heads divide the width
 */
export function visionTransformer(
  name: string,
  options: Filled<typeof VISION_TRANSFORMER>,
  names: VisionTransformerNames,
): Network {
  const { classes, inputShape, patchSize, depth, width, heads, mlpWidth = 4 * width } = options
  checkSizes(name, inputShape, patchSize, width, heads)
  const g = graph({ name: `${name}-d${depth}-w${width}-p${patchSize}`, inputShape })
  const patches = conv2d({ filters: width, kernelSize: patchSize, strides: patchSize, padding: 0, useBias: true })
  let x = g.add('tokens', toTokens(), g.add(names.patches, patches, 'image'))
  if (names.distillation !== undefined) x = g.add(names.distillation.token, prependTokens(), x)
  x = g.add(names.positions, positionEmbedding(), g.add(names.classToken, prependTokens(), x))
  x = dropped(g, 'dropout', dropout, options.dropout, x)
  const outputs = dropPathRates(options.dropPath, depth).map((dropPath, i) => {
    x = transformerBlock(g, x, { ...options, mlpWidth, dropPath, name: names.block(i), names: names.blocks })
    return x
  })
  tapBlocks(g, outputs)
  return g.build(addHeads(g, g.add(names.norm, layerNorm(), x), names, classes))
}
