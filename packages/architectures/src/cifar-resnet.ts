import {
  dense,
  fillOptions,
  globalAveragePool,
  GpdError,
  graph,
  kinds,
  needed,
  option,
  optional,
  relu,
  type Filled,
  type Given,
  type Network,
} from '@gpdjs/core'
import { blocks, classes, imageShape, isCount } from './options.ts'
import { basicBlock, convNorm, residualStages } from './residual.ts'

/** Whether three stages of n basic blocks have this depth. */
export const isCifarDepth = (value: unknown): boolean => isCount(value) && Number(value) >= 8 && Number(value) % 6 === 2

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** 6n + 2: three stages of n basic blocks. */
  depth: optional(
    kinds.kind<number>('6n + 2 (or `blocks` instead)', isCifarDepth, 'Use 8, 14, 20, 26, 32, 44, 56 or 110.'),
  ),
  /** Instead of a depth: blocks in each stage, any number of stages. */
  blocks: optional(blocks()),
  /** Channels of the first stage, doubled in each further one (default 16). */
  width: option(kinds.count, 16),
  /** `[height, width, channels]` (default 32×32×3). */
  inputShape: option(imageShape, [32, 32, 3]),
}

export type CifarResnetOptions = Given<typeof OPTIONS>

function stagesOf({ depth, blocks }: Filled<typeof OPTIONS>): readonly number[] {
  if (blocks !== undefined && depth === undefined) return blocks
  if (depth !== undefined && blocks === undefined) return Array.from({ length: 3 }, () => (depth - 2) / 6)
  const [code, found] =
    depth === undefined ? (['config.missing', 'neither'] as const) : (['config.invalid', 'both'] as const)
  throw new GpdError(
    code,
    `cifarResnet: expected either depth or blocks, got ${found}.`,
    'depth: 20 is short for blocks: [3, 3, 3].',
  )
}

/**
 * The small ResNets for CIFAR-sized images: a 3×3 convolution, stages of basic blocks, mean over positions, a linear
 * layer. Shortcuts that change size are 1×1 convolutions. Parameter names are torchvision's.
 *
 * Taps: `layer1` … (and `layer1.preactivation` …), `pool`.
 *
 * @throws GpdError `config.invalid` for a depth that is not 6n + 2 and other values out of range, `config.missing` without
 *   classes or without depth and blocks, `config.unknown-key` for a mistyped option
 * @example const student = cifarResnet({ depth: 20, classes: 10 })
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, section 4.2
 */
export function cifarResnet(options: CifarResnetOptions): Network {
  const filled = fillOptions('cifarResnet', OPTIONS, options)
  const { width, classes, inputShape } = filled
  const blocks = stagesOf(filled)
  const depth = 2 + 2 * blocks.reduce((sum, count) => sum + count, 0)
  const g = graph({ name: `resnet${depth}-w${width}`, inputShape })
  const stem = g.add(
    'relu',
    relu(),
    convNorm(g, 'image', { conv: 'conv1', norm: 'bn1', filters: width, kernelSize: 3 }),
  )
  const pool = g.add(
    'pool',
    globalAveragePool(),
    residualStages(g, stem, { block: basicBlock, blocks, width, channels: width }),
  )
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
