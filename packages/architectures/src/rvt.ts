import {
  batchNorm,
  conv2d,
  dense,
  depthwiseConv2d,
  fillOptions,
  gelu,
  globalAveragePool,
  GpdError,
  graph,
  kinds,
  layerNorm,
  maxPool,
  needed,
  option,
  toMap,
  toTokens,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropPathRates, residual } from './drop.ts'
import { blocks, classes, imageShape, isCount } from './options.ts'
import { tapBlocks } from './taps.ts'
import { attentionBranch, type AttentionNames } from './transformer-block.ts'

const STEM_WIDTH = 32

/** Between stages: each channel is halved in height and width and becomes several. */
const POOL = { kernelSize: 3, strides: 2, padding: 1, useBias: true } as const

const multipleOf4 = kinds.number('a multiple of 4', (value) => isCount(value) && value % 4 === 0)

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Side of a patch in pixels, a multiple of 4 (default 16). */
  patchSize: option(multipleOf4, 16),
  /** Blocks in each stage (default 10, 2). */
  depth: option(blocks(), [10, 2]),
  /** Attention heads in each stage (default 6, 12). */
  heads: option(blocks(), [6, 12]),
  /** Channels of each head, alike in all stages (default 32). */
  headWidth: option(kinds.count, 32),
  /** Hidden channels of the MLPs for each channel of a token (default 4). */
  mlpRatio: option(kinds.count, 4),
  /** Rate of stochastic depth of the last block; it grows from 0 (default 0). */
  dropPath: option(kinds.rate, 0),
}

export type RvtOptions = Given<typeof OPTIONS>

const ATTENTION_NAMES: AttentionNames = { norm1: 'norm1', qkv: 'attn.qkv', projection: 'attn.proj' }

/** Side of a map after windows of a size have slid over it. */
const slid = (pixels: number, kernel: number, stride: number, padding: number): number =>
  Math.floor((pixels + 2 * padding - kernel) / stride) + 1

/** Side of the map of patches: a 7×7 window with stride 2, pooling with stride 2, then what is left of a patch. */
const patchesAlong = (pixels: number, patchSize: number): number =>
  Math.floor(slid(slid(pixels, 7, 2, 2), 3, 2, 1) / (patchSize / 4))

/** The MLP on a map of tokens, with a depthwise convolution between its layers. Section 3.2 of the paper. */
function convMlp(g: Graph, x: string, name: string, channels: number, hidden: number): string {
  const at = (layer: string) => `${name}.mlp.${layer}`
  const pointwise = (filters: number) => conv2d({ filters, kernelSize: 1, useBias: true })
  const first = g.add(at('bn1'), batchNorm(), g.add(at('fc1'), pointwise(hidden), x))
  const local = depthwiseConv2d({ kernelSize: 3, padding: 1, useBias: true })
  const mixed = g.add(at('bn2'), batchNorm(), g.add(at('dwconv'), local, g.add(at('act1'), gelu(), first)))
  return g.add(at('bn3'), batchNorm(), g.add(at('fc2'), pointwise(channels), g.add(at('act2'), gelu(), mixed)))
}

interface RvtBlockOptions {
  readonly name: string
  readonly heads: number
  readonly width: number
  readonly mlpWidth: number
  readonly side: readonly [number, number]
  readonly dropPath: number
}

/** One block, on tokens. */
function rvtBlock(g: Graph, x: string, options: RvtBlockOptions): string {
  const { name, dropPath, side } = options
  const attended = attentionBranch(g, x, { ...options, names: ATTENTION_NAMES, dropout: 0 })
  const middle = residual(g, `${name}.add1`, x, attended, dropPath)
  const normal = g.add(
    `${name}.map`,
    toMap({ height: side[0], width: side[1] }),
    g.add(`${name}.norm2`, layerNorm(), middle),
  )
  const local = convMlp(g, normal, name, options.width, options.mlpWidth)
  return residual(g, `${name}.add2`, middle, g.add(`${name}.tokens`, toTokens(), local), dropPath)
}

/** Overlapping patches: the image is halved twice before it is cut. Returns a map. */
function embedPatches(g: Graph, patchSize: number, channels: number): string {
  const at = (layer: number) => `patch_embed.proj.${layer}`
  // The authors pad a 7×7 window by 2, not 3.
  const wide = g.add(
    at(0),
    conv2d({ filters: STEM_WIDTH, kernelSize: 7, strides: 2, padding: 2, useBias: true }),
    'image',
  )
  const small = g.add(at(2), maxPool({ kernelSize: 3, strides: 2, padding: 1 }), g.add(at(1), batchNorm(), wide))
  const last = { kernelSize: patchSize / 4, strides: patchSize / 4, padding: 0 }
  return g.add(at(3), conv2d({ ...last, filters: channels, useBias: true }), small)
}

interface StageOptions {
  readonly stage: number
  readonly heads: number
  readonly width: number
  readonly mlpWidth: number
  /** Height and width of the map of tokens. */
  readonly side: readonly [number, number]
  /** One rate for each block. */
  readonly dropPath: readonly number[]
}

/** A stack of blocks on a map. Returns the output of each block, as a map. */
function rvtStage(g: Graph, map: string, options: StageOptions): string[] {
  const { stage, dropPath, side } = options
  let tokens = g.add(`transformers.${stage}.tokens`, toTokens(), map)
  return dropPath.map((rate, i) => {
    const name = `transformers.${stage}.blocks.${i}`
    tokens = rvtBlock(g, tokens, { ...options, name, dropPath: rate })
    return g.add(`${name}.output`, toMap({ height: side[0], width: side[1] }), tokens)
  })
}

/**
 * The Robust Vision Transformer: convolutions before the patches and inside the MLPs, no position embedding and no class
 * token; the mean of all tokens is classified. Layers and parameter names are those of the authors of RVT and of GPD. The
 * defaults are RVT-Ti.
 *
 * Taps: `block1` … behind each block and `layer1` … `layer4` behind each quarter of them, as maps
 * `[height, width, channels]`; `pool`, the normalized mean.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const teacher = rvt({ classes: 1000, depth: [12], heads: [6], headWidth: 64 }) // RVT-S
 * @see Mao et al., "Towards Robust Vision Transformer", 2022
 */
export function rvt(options: RvtOptions): Network {
  const filled = fillOptions('rvt', OPTIONS, options)
  const { classes, inputShape, patchSize, depth, heads, headWidth, mlpRatio, dropPath } = filled
  if (depth.length !== heads.length) {
    const found = `${depth.length} and ${heads.length}`
    throw new GpdError('config.invalid', `rvt: depth and heads: expected as many stages in both, got ${found}.`)
  }
  const g = graph({ name: `rvt-d${depth.join('-')}-h${heads.join('-')}-w${headWidth}`, inputShape })
  const widths = heads.map((count) => count * headWidth)
  const rates = dropPathRates(
    dropPath,
    depth.reduce((sum, blocks) => sum + blocks, 0),
  )
  let side: [number, number] = [patchesAlong(inputShape[0]!, patchSize), patchesAlong(inputShape[1]!, patchSize)]
  if (Math.min(...side) < 1) {
    const problem = `rvt: a patch of ${patchSize}×${patchSize} does not fit into an image [${inputShape.join(', ')}].`
    throw new GpdError('config.invalid', problem, 'Use larger images or a smaller patchSize.')
  }
  let map = embedPatches(g, patchSize, widths[0]!)
  const maps: string[] = []
  depth.forEach((blocks, stage) => {
    const width = widths[stage]!
    if (stage > 0) {
      map = g.add(`pools.${stage - 1}.conv`, conv2d({ ...POOL, filters: width, groups: widths[stage - 1]! }), map)
      side = [slid(side[0], 3, 2, 1), slid(side[1], 3, 2, 1)]
    }
    const given = { stage, heads: heads[stage]!, width, mlpWidth: mlpRatio * width, side }
    maps.push(...rvtStage(g, map, { ...given, dropPath: rates.slice(maps.length, maps.length + blocks) }))
    map = maps.at(-1)!
  })
  tapBlocks(g, maps)
  const pool = g.add('norm', layerNorm(), g.add('mean', globalAveragePool(), map))
  g.tap('pool', pool)
  return g.build(g.add('head', dense({ units: classes }), pool))
}
