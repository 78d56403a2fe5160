import { dense, globalAveragePool, GpdError, graph, relu, type Network, type Shape } from '@gpdjs/core'
import { blocksRule, checkOptions, commonRules, isPositiveInteger } from './options.ts'
import { basicBlock, convNorm, residualStages } from './residual.ts'

export interface CifarResnetOptions {
  /** 6n + 2: three stages of n basic blocks. */
  readonly depth?: number
  /** Instead of a depth: blocks in each stage, any number of stages. */
  readonly blocks?: readonly number[]
  /** Channels of the first stage, doubled in each further one. Default 16. */
  readonly width?: number
  readonly classes: number
  /** `[height, width, channels]`, default 32×32×3. */
  readonly inputShape?: Shape
}

/** Whether three stages of n basic blocks have this depth. */
export const isCifarDepth = (value: unknown): value is number =>
  isPositiveInteger(value) && value >= 8 && value % 6 === 2

const rules = {
  ...commonRules,
  depth: {
    expected: '6n + 2 (or `blocks` instead)',
    accepts: isCifarDepth,
    optional: true,
    fix: 'Use 8, 14, 20, 26, 32, 44, 56 or 110.',
  },
  blocks: blocksRule(),
}

function stagesOf({ depth, blocks }: CifarResnetOptions): readonly number[] {
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
  checkOptions('cifarResnet', rules, options)
  const { width = 16, classes, inputShape = [32, 32, 3] } = options
  const blocks = stagesOf(options)
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
