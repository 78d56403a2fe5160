import {
  batchNorm,
  channelShuffle,
  channelSplit,
  dense,
  depthwiseConv2d,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  maxPool,
  needed,
  option,
  relu,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { blocks, classes, imageShape, isCount } from './options.ts'
import { convNorm, type ConvNorm } from './residual.ts'

const evenCount = kinds.number('a positive even integer', (value) => isCount(value) && value % 2 === 0)

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Channels of the first stage, even; the others have 2 and 4 times as many (default 116, the size "1.0x"). */
  width: option(evenCount, 116),
  /** Channels of the first convolution (default 24). */
  stemWidth: option(kinds.count, 24),
  /** Channels of the last convolution (default 1024). */
  lastWidth: option(kinds.count, 1024),
  /** Units in each of the three stages (default 4, 8, 4). */
  blocks: option(blocks(3), [4, 8, 4]),
}

export type ShufflenetV2Options = Given<typeof OPTIONS>

const convNormRelu = (g: Graph, x: string, layer: ConvNorm): string =>
  g.add(`${layer.conv}.relu`, relu(), convNorm(g, x, layer))

/** Depthwise 3×3 and norm, without activation; layers `first` and `first + 1` of a branch. */
const spatial = (g: Graph, x: string, branch: string, first: number, strides: number): string =>
  g.add(
    `${branch}.${first + 1}`,
    batchNorm(),
    g.add(`${branch}.${first}`, depthwiseConv2d({ kernelSize: 3, strides, padding: 1 }), x),
  )

interface UnitOptions {
  readonly name: string
  /** Channels of each branch: half of what comes out. */
  readonly filters: number
  readonly strides: number
}

/** 1×1, depthwise 3×3, 1×1. */
function mainBranch(g: Graph, x: string, { name, filters, strides }: UnitOptions): string {
  const branch = `${name}.branch2`
  const first = convNormRelu(g, x, { conv: `${branch}.0`, norm: `${branch}.1`, filters, kernelSize: 1 })
  return convNormRelu(g, spatial(g, first, branch, 3, strides), {
    conv: `${branch}.5`,
    norm: `${branch}.6`,
    filters,
    kernelSize: 1,
  })
}

/** Half of the channels pass, half are worked on; or, with a stride, all go both ways. Figure 3 (c) and (d). */
function unit(g: Graph, x: string, options: UnitOptions): string {
  const { name, filters, strides } = options
  const part = (index: number) => g.add(`${name}.split${index}`, channelSplit({ index }), x)
  if (strides === 1) return g.add(name, channelShuffle(), part(0), mainBranch(g, part(1), options))
  const branch = `${name}.branch1`
  const side = convNormRelu(g, spatial(g, x, branch, 0, strides), {
    conv: `${branch}.2`,
    norm: `${branch}.3`,
    filters,
    kernelSize: 1,
  })
  return g.add(name, channelShuffle(), side, mainBranch(g, x, options))
}

/**
 * ShuffleNetV2, layer by layer as in torchvision, with its parameter names.
 *
 * Taps: `layer1` … `layer3` behind the stages (shuffled), `layer4` behind the last convolution, `pool`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = shufflenetV2({ classes: 1000, width: 48 }) // "0.5x"
 * @see Ma et al., "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", 2018
 */
export function shufflenetV2(options: ShufflenetV2Options): Network {
  const { classes, inputShape, width, blocks, stemWidth, lastWidth } = fillOptions('shufflenetV2', OPTIONS, options)
  const g = graph({ name: `shufflenet-v2-w${width}`, inputShape })
  const stem = { conv: 'conv1.0', norm: 'conv1.1', filters: stemWidth, kernelSize: 3, strides: 2 }
  let x = g.add('maxpool', maxPool({ kernelSize: 3, strides: 2, padding: 1 }), convNormRelu(g, 'image', stem))
  blocks.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      x = unit(g, x, { name: `stage${stage + 2}.${i}`, filters: (width / 2) * 2 ** stage, strides: i === 0 ? 2 : 1 })
    }
    g.tap(`layer${stage + 1}`, x)
  })
  x = convNormRelu(g, x, { conv: 'conv5.0', norm: 'conv5.1', filters: lastWidth, kernelSize: 1 })
  g.tap('layer4', x)
  const pool = g.add('pool', globalAveragePool(), x)
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
