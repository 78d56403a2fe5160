import {
  conv2d,
  dense,
  depthwiseConv2d,
  fillOptions,
  gelu,
  globalAveragePool,
  graph,
  kinds,
  layerNorm,
  needed,
  option,
  scale,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropPathRates, residual } from './drop.ts'
import { blocks, classes, imageShape } from './options.ts'

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Channels of the first stage, doubled in each further one (default 40, ConvNeXt-Atto). */
  width: option(kinds.count, 40),
  /** Blocks in each stage (default 2, 2, 6, 2). */
  blocks: option(blocks(), [2, 2, 6, 2]),
  /** Side of the patches that the first convolution makes (default 4). */
  patchSize: option(kinds.count, 4),
  /** Rate of stochastic depth of the last block; it grows from 0 (default 0). */
  dropPath: option(kinds.rate, 0),
}

export type ConvnextOptions = Given<typeof OPTIONS>

/** Depthwise 7×7, norm, 1×1 to four times the width, GELU, 1×1, layer scale; added to the input. Figure 4 of the paper. */
function convnextBlock(g: Graph, x: string, name: string, width: number, dropPath: number): string {
  const pointwise = (filters: number) => conv2d({ filters, kernelSize: 1, useBias: true })
  const spatial = g.add(`${name}.conv_dw`, depthwiseConv2d({ kernelSize: 7, padding: 3, useBias: true }), x)
  const normal = g.add(`${name}.norm`, layerNorm(), spatial)
  const hidden = g.add(`${name}.gelu`, gelu(), g.add(`${name}.mlp.fc1`, pointwise(4 * width), normal))
  const scaled = g.add(`${name}.gamma`, scale({ initial: 1e-6 }), g.add(`${name}.mlp.fc2`, pointwise(width), hidden))
  return residual(g, `${name}.add`, x, scaled, dropPath)
}

/**
 * ConvNeXt, layer by layer as timm's small ones (Atto, Femto, Pico, with 1×1 convolutions in the MLPs), with timm's
 * parameter names.
 *
 * Taps: `layer1` … behind the stages, `pool`, the normalized mean.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = convnext({ classes: 10, inputShape: [32, 32, 3], patchSize: 2 })
 * @see Liu et al., "A ConvNet for the 2020s", 2022
 */
export function convnext(options: ConvnextOptions): Network {
  const { classes, inputShape, width, blocks, patchSize, dropPath } = fillOptions('convnext', OPTIONS, options)
  const g = graph({ name: `convnext-w${width}-${blocks.join('-')}`, inputShape })
  const rates = dropPathRates(
    dropPath,
    blocks.reduce((sum, count) => sum + count, 0),
  )
  const reduce = (size: number, filters: number) =>
    conv2d({ filters, kernelSize: size, strides: size, padding: 0, useBias: true })
  let x = g.add('stem.1', layerNorm(), g.add('stem.0', reduce(patchSize, width), 'image'))
  blocks.forEach((count, stage) => {
    const [name, channels] = [`stages.${stage}`, width * 2 ** stage]
    if (stage > 0) x = g.add(`${name}.downsample.1`, reduce(2, channels), g.add(`${name}.downsample.0`, layerNorm(), x))
    for (let i = 0; i < count; i++) x = convnextBlock(g, x, `${name}.blocks.${i}`, channels, rates.shift()!)
    g.tap(`layer${stage + 1}`, x)
  })
  const pool = g.add('head.norm', layerNorm(), g.add('pool', globalAveragePool(), x))
  g.tap('pool', pool)
  return g.build(g.add('head.fc', dense({ units: classes }), pool))
}
