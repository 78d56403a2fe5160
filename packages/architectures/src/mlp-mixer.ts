import {
  conv2d,
  dense,
  gelu,
  graph,
  layerNorm,
  meanToken,
  swapTokens,
  toTokens,
  type Graph,
  type Network,
  type Shape,
} from '@gpdjs/core'
import { dropPathRates, residual } from './drop.ts'
import { checkOptions, commonRules, rateRule, sizeRule } from './options.ts'
import { tapBlocks } from './taps.ts'

export interface MlpMixerOptions {
  readonly classes: number
  /** `[height, width, channels]`, default 224×224×3. */
  readonly inputShape?: Shape
  /** Side of a patch in pixels. Default 16. */
  readonly patchSize?: number
  /** Blocks. Default 8. */
  readonly depth?: number
  /** Channels of a token. Default 512. */
  readonly width?: number
  /** Hidden units of the MLP that mixes tokens. Default width / 2. */
  readonly tokenMlpWidth?: number
  /** Hidden units of the MLP that mixes channels. Default 4 · width. */
  readonly channelMlpWidth?: number
  /** Rate of stochastic depth of the last block; it grows from 0. Default 0. */
  readonly dropPath?: number
}

const rules = {
  ...commonRules,
  patchSize: sizeRule,
  depth: sizeRule,
  tokenMlpWidth: sizeRule,
  channelMlpWidth: sizeRule,
  dropPath: rateRule,
}

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
  checkOptions('mlpMixer', rules, options)
  const { classes, inputShape = [224, 224, 3], patchSize = 16, depth = 8, width = 512, dropPath = 0 } = options
  const { tokenMlpWidth = Math.ceil(width / 2), channelMlpWidth = 4 * width } = options
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
