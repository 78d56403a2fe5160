import {
  dense,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  maxPool,
  needed,
  option,
  optional,
  relu,
  type Given,
  type Network,
} from '@gpdjs/core'
import { blocks, classes, imageShape, oneOfDepths } from './options.ts'
import { basicBlock, bottleneck, convNorm, residualStages, type Block } from './residual.ts'

/** He et al. 2016, table 1. */
const FAMILY: Readonly<Record<number, { readonly block: Block; readonly blocks: readonly number[] }>> = {
  18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  50: { block: bottleneck, blocks: [3, 4, 6, 3] },
  101: { block: bottleneck, blocks: [3, 4, 23, 3] },
  152: { block: bottleneck, blocks: [3, 8, 36, 3] },
}

export const imagenetDepths: readonly number[] = Object.keys(FAMILY).map(Number)

const OPTIONS = {
  /** 18, 34, 50, 101 or 152. */
  depth: needed(oneOfDepths(imagenetDepths)),
  /** Instead of the blocks that the depth stands for: blocks in each of the four stages. */
  blocks: optional(blocks(4)),
  /** How many classes the data has (default 1000). */
  classes: option(classes, 1000),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Channels of the first stage (default 64). */
  width: option(kinds.count, 64),
}

export type ImagenetResnetOptions = Given<typeof OPTIONS>

/**
 * The ResNets for ImageNet, layer by layer as in torchvision, with its parameter names.
 *
 * Taps: `layer1` … `layer4` (and `layer1.preactivation` …), `pool`.
 *
 * @throws GpdError `config.invalid` for a depth that does not exist and other values out of range, `config.missing` without
 *   a depth, `config.unknown-key` for a mistyped option
 * @example const teacher = imagenetResnet({ depth: 34 })
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016
 */
export function imagenetResnet(options: ImagenetResnetOptions): Network {
  const { depth, classes, inputShape, width, ...given } = fillOptions('imagenetResnet', OPTIONS, options)
  const family = FAMILY[depth]! // checked above
  const blocks = given.blocks ?? family.blocks
  const g = graph({ name: `resnet${depth}`, inputShape })
  const stem = g.add(
    'relu',
    relu(),
    convNorm(g, 'image', { conv: 'conv1', norm: 'bn1', filters: width, kernelSize: 7, strides: 2 }),
  )
  const small = g.add('maxpool', maxPool({ kernelSize: 3, strides: 2, padding: 1 }), stem)
  const pool = g.add(
    'pool',
    globalAveragePool(),
    residualStages(g, small, { ...family, blocks, width, channels: width }),
  )
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
