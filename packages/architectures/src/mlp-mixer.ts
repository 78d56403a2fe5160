import {
  conv2d,
  dense,
  fillOptions,
  gelu,
  graph,
  kinds,
  layerNorm,
  meanToken,
  needed,
  option,
  optional,
  swapTokens,
  toTokens,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropPathRates, residual } from './drop.ts'
import { classes, imageShape } from './options.ts'
import { tapBlocks } from './taps.ts'

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Side of a patch in pixels (default 16). */
  patchSize: option(kinds.count, 16),
  /** Blocks (default 8). */
  depth: option(kinds.count, 8),
  /** Channels of a token (default 512). */
  width: option(kinds.count, 512),
  /** Hidden units of the MLP that mixes tokens (default: width / 2). */
  tokenMlpWidth: optional(kinds.count),
  /** Hidden units of the MLP that mixes channels (default: 4 · width). */
  channelMlpWidth: optional(kinds.count),
  /** Rate of stochastic depth of the last block; it grows from 0 (default 0). */
  dropPath: option(kinds.rate, 0),
}

export type MlpMixerOptions = Given<typeof OPTIONS>

function mlp(g: Graph, x: string, name: string, hidden: number, units: number): string {
  const active = g.add(`${name}.gelu`, gelu(), g.add(`${name}.fc1`, dense({ units: hidden }), x))
  return g.add(`${name}.fc2`, dense({ units }), active)
}

interface MixerSizes {
  readonly tokens: number
  readonly width: number
  readonly tokenMlpWidth: number
  readonly channelMlpWidth: number
}

/** One MLP over the tokens, the same for every channel, then one over the channels, the same for every token. */
function mixerBlock(g: Graph, x: string, name: string, sizes: MixerSizes, dropPath: number): string {
  const swapped = g.add(`${name}.swap`, swapTokens(), g.add(`${name}.norm1`, layerNorm(), x))
  const tokens = g.add(
    `${name}.swapBack`,
    swapTokens(),
    mlp(g, swapped, `${name}.mlp_tokens`, sizes.tokenMlpWidth, sizes.tokens),
  )
  const mixed = residual(g, `${name}.add1`, x, tokens, dropPath)
  const normal = g.add(`${name}.norm2`, layerNorm(), mixed)
  return residual(
    g,
    `${name}.add2`,
    mixed,
    mlp(g, normal, `${name}.mlp_channels`, sizes.channelMlpWidth, sizes.width),
    dropPath,
  )
}

/**
 * MLP-Mixer, layer by layer as in timm, with its parameter names. The defaults are Mixer-S/16.
 *
 * Its channels are mixed position by position, so only the hidden units of the MLPs can be expanded.
 *
 * Taps: `block1` … behind each block and `layer1` … `layer4` behind each quarter of them, `[patches, width]`; `pool`, the
 * mean of the normalized tokens.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = mlpMixer({ classes: 10, inputShape: [32, 32, 3], patchSize: 4, width: 128 })
 * @see Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", 2021
 */
export function mlpMixer(options: MlpMixerOptions): Network {
  const filled = fillOptions('mlpMixer', OPTIONS, options)
  const { classes, inputShape, patchSize, depth, width, dropPath } = filled
  const { tokenMlpWidth = Math.ceil(width / 2), channelMlpWidth = 4 * width } = filled
  const tokens = Math.floor(inputShape[0]! / patchSize) * Math.floor(inputShape[1]! / patchSize)
  const g = graph({ name: `mlp-mixer-d${depth}-w${width}-p${patchSize}`, inputShape })
  const patches = conv2d({ filters: width, kernelSize: patchSize, strides: patchSize, padding: 0, useBias: true })
  let x = g.add('tokens', toTokens(), g.add('stem.proj', patches, 'image'))
  const sizes = { tokens, width, tokenMlpWidth, channelMlpWidth }
  const outputs = dropPathRates(dropPath, depth).map((rate, i) => (x = mixerBlock(g, x, `blocks.${i}`, sizes, rate)))
  tapBlocks(g, outputs)
  const pool = g.add('pool', meanToken(), g.add('norm', layerNorm(), x))
  g.tap('pool', pool)
  return g.build(g.add('head', dense({ units: classes }), pool))
}
