import { add, dense, dropout, gelu, layerNorm, selfAttention, stochasticDepth, type Graph } from '@gpdjs/core'

/** Names of the layers of a block, behind the block's own; they differ between libraries. */
export interface BlockNames {
  readonly norm1: string
  readonly qkv: string
  readonly projection: string
  readonly norm2: string
  readonly hidden: string
  readonly output: string
}

export interface TransformerBlockOptions {
  readonly name: string
  readonly names: BlockNames
  readonly heads: number
  /** Channels of a token. */
  readonly width: number
  /** Hidden units of the MLP. */
  readonly mlpWidth: number
  readonly dropout: number
  /** Share of samples that skip a branch. */
  readonly dropPath: number
}

/** A regularizer where its rate is above zero. */
export const dropped = (
  g: Graph,
  id: string,
  op: typeof dropout | typeof stochasticDepth,
  rate: number,
  x: string,
): string => (rate > 0 ? g.add(id, op({ rate }), x) : x)

/** `x + branch`, the branch being skipped by some samples. */
export function residual(g: Graph, id: string, x: string, branch: string, dropPath: number): string {
  return g.add(id, add(), x, dropped(g, `${id}.dropPath`, stochasticDepth, dropPath, branch))
}

/** Self-attention of normalized tokens: `[q k v]` by one dense layer, heads, projection. */
export function attentionBranch(g: Graph, x: string, options: TransformerBlockOptions): string {
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

/** Rates of blocks from 0 to `rate`, in equal steps. Huang et al., "Deep Networks with Stochastic Depth", 2016. */
export const dropPathRates = (rate: number, depth: number): number[] =>
  Array.from({ length: depth }, (_, i) => (rate * i) / Math.max(1, depth - 1))

/**
 * Taps of a stack of blocks: `block1`, `block2`, … behind each, and `layer1` … `layer4` behind each quarter, which are
 * what stages are to a convolutional network.
 */
export function tapBlocks(g: Graph, outputs: readonly string[]): void {
  outputs.forEach((node, i) => g.tap(`block${i + 1}`, node))
  for (const quarter of [1, 2, 3, 4]) {
    const node = outputs[Math.max(1, Math.floor((quarter * outputs.length) / 4)) - 1]
    if (node !== undefined) g.tap(`layer${quarter}`, node)
  }
}
