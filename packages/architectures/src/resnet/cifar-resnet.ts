import { GpdError, relu, type Network, type Shape } from '@gpdjs/core'
import { checkOptions, commonRules, isBlockList, isPositiveInteger } from '../options.ts'
import { basicBlock, convolutionNorm } from './residual-block.ts'
import { residualNetwork } from './residual-network.ts'

export interface CifarResnetOptions {
  /** 6n + 2 layers: three stages of n blocks. Either this or `blocks`. */
  readonly depth?: number
  /** Blocks of each stage; any number of stages. */
  readonly blocks?: readonly number[]
  readonly classes: number
  /** Channels of the first stage, doubled by every further one. Default 16. */
  readonly width?: number
  /** `[height, width, channels]`, default `[32, 32, 3]`. */
  readonly inputShape?: Shape
}

export const isCifarDepth = (value: unknown): value is number => isPositiveInteger(value) && value >= 8 && value % 6 === 2

const rules = {
  ...commonRules,
  depth: {
    expected: '6n + 2 for a positive integer n',
    accepts: isCifarDepth,
    optional: true,
    fix: 'Use 8, 14, 20, 26, 32, 44, 56 or 110, or pass `blocks`.',
  },
  blocks: { expected: 'positive integers, one for each stage', accepts: isBlockList, optional: true, fix: 'For example [2, 2, 2].' },
} as const

function stageBlocks({ depth, blocks }: CifarResnetOptions): readonly number[] {
  if (blocks !== undefined && depth === undefined) return blocks
  if (depth !== undefined && blocks === undefined) return Array.from({ length: 3 }, () => (depth - 2) / 6)
  const [code, found] = depth === undefined ? (['config.missing', 'neither'] as const) : (['config.invalid', 'both'] as const)
  throw new GpdError(code, `cifarResnet: expected depth or blocks, got ${found}.`, 'depth: 20 is short for blocks: [3, 3, 3].')
}

/** `resnet20`, `resnet20-w32` with another width than usual, `resnet-2-2-2-2` where no depth says the same. */
function networkName(blocks: readonly number[], width: number): string {
  const [n = 0] = blocks
  const body = blocks.length === 3 && blocks.every((count) => count === n) ? `${6 * n + 2}` : `-${blocks.join('-')}`
  return `resnet${body}${width === 16 ? '' : `-w${width}`}`
}

/**
 * A residual network for small images: a 3x3 convolution, stages of basic blocks, the mean over all positions, one
 * linear layer. Where the shape changes the shortcut is a 1x1 convolution with batch normalization (option B of the
 * paper), so that every channel can be expanded.
 *
 * Parameters have PyTorch's names (`conv1.weight`, `layer1.0.bn1.bias`, `layer2.0.downsample.0.weight`, `fc.weight`).
 * Taps: each stage's output `layer1`, `layer2`, …, the same before its last ReLU `layer1.preactivation`, …, and `pool`,
 * `[batch, channels]`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example cifarResnet({ depth: 20, classes: 10 })
 * @example cifarResnet({ blocks: [2, 2, 2, 2], width: 32, classes: 100 })
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, section 4.2
 */
export function cifarResnet(options: CifarResnetOptions): Network {
  checkOptions('cifarResnet', rules, options)
  const { classes, width = 16, inputShape = [32, 32, 3] } = options
  const blocks = stageBlocks(options)
  return residualNetwork({
    name: networkName(blocks, width),
    inputShape,
    classes,
    stem: (g) => {
      const norm = convolutionNorm(g, 'image', ['conv1', 'bn1'], { kernelSize: 3, filters: width, strides: 1 })
      return { node: g.add('relu', relu(), norm), channels: width }
    },
    block: basicBlock,
    width,
    blocks,
  })
}
