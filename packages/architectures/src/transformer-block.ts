import { dense, dropout, gelu, layerNorm, selfAttention, type Graph } from '@gpdjs/core'
import { dropped, residual } from './drop.ts'

/** Names of the layers of attention, behind the block's own; they differ between libraries. */
export interface AttentionNames {
  readonly norm1: string
  readonly qkv: string
  readonly projection: string
}

/** Names of all layers of a block. */
export interface BlockNames extends AttentionNames {
  readonly norm2: string
  readonly hidden: string
  readonly output: string
}

export interface AttentionOptions {
  /** The block's name. */
  readonly name: string
  readonly names: AttentionNames
  readonly heads: number
  /** Channels of a token. */
  readonly width: number
  readonly dropout: number
}

export interface TransformerBlockOptions extends AttentionOptions {
  readonly names: BlockNames
  /** Hidden units of the MLP. */
  readonly mlpWidth: number
  /** Share of samples that skip a branch. */
  readonly dropPath: number
}

/** Self-attention of normalized tokens: `[q k v]` by one dense layer, heads, projection. */
export function attentionBranch(g: Graph, x: string, options: AttentionOptions): string {
  const { name, names, heads, width } = options
  const normal = g.add(`${name}.${names.norm1}`, layerNorm(), x)
  const qkv = g.add(`${name}.${names.qkv}`, dense({ units: 3 * width }), normal)
  const mixed = g.add(`${name}.attention`, selfAttention({ heads }), qkv)
  const projected = g.add(`${name}.${names.projection}`, dense({ units: width }), mixed)
  return dropped(g, `${name}.dropout1`, dropout, options.dropout, projected)
}

function mlpBranch(g: Graph, x: string, options: TransformerBlockOptions): string {
  const { name, names, width, mlpWidth, dropout: rate } = options
  const normal = g.add(`${name}.${names.norm2}`, layerNorm(), x)
  const hidden = g.add(`${name}.gelu`, gelu(), g.add(`${name}.${names.hidden}`, dense({ units: mlpWidth }), normal))
  const kept = dropped(g, `${name}.dropout2`, dropout, rate, hidden)
  const output = g.add(`${name}.${names.output}`, dense({ units: width }), kept)
  return dropped(g, `${name}.dropout3`, dropout, rate, output)
}

/**
 * `x + attention(norm(x))`, then `x + mlp(norm(x))`: the block of ViT.
 *
 * @see Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021, equations 2 and 3
 */
export function transformerBlock(g: Graph, x: string, options: TransformerBlockOptions): string {
  const { name, dropPath } = options
  const attended = residual(g, `${name}.add1`, x, attentionBranch(g, x, options), dropPath)
  return residual(g, `${name}.add2`, attended, mlpBranch(g, attended, options), dropPath)
}
