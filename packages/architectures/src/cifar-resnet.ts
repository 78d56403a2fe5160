import { dense, globalAveragePool, GpdError, graph, relu, type Network, type Shape } from '@gpdjs/core'
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

export const isPositiveInteger = (value: number): boolean => Number.isInteger(value) && value >= 1

function stagesOf({ depth, blocks }: CifarResnetOptions): readonly number[] {
  if (blocks !== undefined && depth === undefined) {
    if (blocks.length > 0 && blocks.every(isPositiveInteger)) return blocks
    throw new GpdError('config.invalid', `cifarResnet: blocks: expected positive integers, got [${blocks.join(', ')}].`, 'For example [1, 1, 1].')
  }
  const count = ((depth ?? Number.NaN) - 2) / 6
  if (isPositiveInteger(count) && blocks === undefined) return [count, count, count]
  throw new GpdError('config.invalid', `cifarResnet: depth: expected 6n + 2 (or \`blocks\` instead), got ${depth}.`, 'Use 8, 14, 20, 26, 32, 44, 56 or 110.')
}

/**
 * The small ResNets for CIFAR-sized images: a 3×3 convolution, stages of basic blocks, mean over positions, a linear
 * layer. Shortcuts that change size are 1×1 convolutions. Parameter names are torchvision's.
 *
 * Taps: `layer1` … (and `layer1.preactivation` …), `pool`.
 *
 * @throws GpdError `config.invalid` for a depth that is not 6n + 2
 * @example const student = cifarResnet({ depth: 20, classes: 10 })
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, section 4.2
 */
export function cifarResnet(options: CifarResnetOptions): Network {
  const { width = 16, classes, inputShape = [32, 32, 3] } = options
  const blocks = stagesOf(options)
  if (!isPositiveInteger(width)) throw new GpdError('config.invalid', `cifarResnet: width: expected a positive integer, got ${width}.`)
  if (!isPositiveInteger(classes)) throw new GpdError('config.invalid', `cifarResnet: classes: expected a positive integer, got ${classes}.`)
  const depth = 2 + 2 * blocks.reduce((sum, count) => sum + count, 0)
  const g = graph({ name: `resnet${depth}-w${width}`, inputShape })
  const stem = g.add('relu', relu(), convNorm(g, 'image', { conv: 'conv1', norm: 'bn1', filters: width, kernelSize: 3 }))
  const pool = g.add('pool', globalAveragePool(), residualStages(g, stem, { block: basicBlock, blocks, width, channels: width }))
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
