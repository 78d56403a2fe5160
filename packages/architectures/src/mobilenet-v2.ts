import {
  add,
  batchNorm,
  dense,
  depthwiseConv2d,
  dropout,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  needed,
  option,
  relu6,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropped } from './drop.ts'
import { blocks, classes, imageShape } from './options.ts'
import { convNorm, type ConvNorm } from './residual.ts'

/** Expansion, channels and stride of each stage: table 2 of the paper. */
const STAGES = [
  { expansion: 1, channels: 16, strides: 1 },
  { expansion: 6, channels: 24, strides: 2 },
  { expansion: 6, channels: 32, strides: 2 },
  { expansion: 6, channels: 64, strides: 2 },
  { expansion: 6, channels: 96, strides: 1 },
  { expansion: 6, channels: 160, strides: 2 },
  { expansion: 6, channels: 320, strides: 1 },
] as const

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Multiplies the channels of every layer, which are then rounded to multiples of 8 (default 1). */
  widthMultiplier: option(kinds.positive, 1),
  /** Blocks in each stage (default 1, 2, 3, 4, 3, 3, 1). */
  blocks: option(blocks(STAGES.length), [1, 2, 3, 4, 3, 3, 1]),
  /** Rate of dropout before the last layer (default 0; torchvision trains with 0.2). */
  dropout: option(kinds.rate, 0),
}

export type MobilenetV2Options = Given<typeof OPTIONS>

/** The nearest multiple of 8 that is not more than a tenth below. */
function multipleOf8(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8)
  return rounded < 0.9 * channels ? rounded + 8 : rounded
}

const convNorm6 = (g: Graph, x: string, layer: ConvNorm): string =>
  g.add(`${layer.conv}.relu6`, relu6(), convNorm(g, x, layer))

interface InvertedResidualOptions {
  readonly name: string
  readonly channels: number
  readonly filters: number
  readonly expansion: number
  readonly strides: number
}

/** 1×1 up, depthwise 3×3, 1×1 down without activation; added to the input where sizes allow. */
function invertedResidual(g: Graph, x: string, options: InvertedResidualOptions): string {
  const { name, channels, filters, expansion, strides } = options
  const at = (layer: string | number) => `${name}.conv.${layer}`
  const expand = { conv: at('0.0'), norm: at('0.1'), filters: channels * expansion, kernelSize: 1 }
  const wide = expansion === 1 ? x : convNorm6(g, x, expand)
  const first = expansion === 1 ? 0 : 1
  const depthwise = g.add(at(`${first}.0`), depthwiseConv2d({ kernelSize: 3, strides, padding: 1 }), wide)
  const mixed = g.add(at(`${first}.0.relu6`), relu6(), g.add(at(`${first}.1`), batchNorm(), depthwise))
  const narrow = convNorm(g, mixed, { conv: at(first + 1), norm: at(first + 2), filters, kernelSize: 1 })
  return strides === 1 && channels === filters ? g.add(`${name}.add`, add(), x, narrow) : narrow
}

/**
 * MobileNetV2, layer by layer as in torchvision, with its parameter names.
 *
 * Taps: `layer1` … `layer7` behind the stages (no ReLU there), `layer8` behind the last convolution, `pool`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = mobilenetV2({ classes: 100, inputShape: [32, 32, 3], widthMultiplier: 0.5 })
 * @see Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018
 */
export function mobilenetV2(options: MobilenetV2Options): Network {
  const { classes, inputShape, widthMultiplier, blocks, dropout: rate } = fillOptions('mobilenetV2', OPTIONS, options)
  const g = graph({ name: `mobilenet-v2-x${widthMultiplier}`, inputShape })
  let channels = multipleOf8(32 * widthMultiplier)
  let x = convNorm6(g, 'image', {
    conv: 'features.0.0',
    norm: 'features.0.1',
    filters: channels,
    kernelSize: 3,
    strides: 2,
  })
  let index = 1
  STAGES.forEach(({ expansion, channels: wanted, strides }, stage) => {
    const filters = multipleOf8(wanted * widthMultiplier)
    for (let i = 0; i < blocks[stage]!; i++) {
      const name = `features.${index++}`
      x = invertedResidual(g, x, { name, channels, filters, expansion, strides: i === 0 ? strides : 1 })
      channels = filters
    }
    g.tap(`layer${stage + 1}`, x)
  })
  const last = multipleOf8(1280 * Math.max(1, widthMultiplier))
  x = convNorm6(g, x, { conv: `features.${index}.0`, norm: `features.${index}.1`, filters: last, kernelSize: 1 })
  g.tap('layer8', x)
  const pool = g.add('pool', globalAveragePool(), x)
  g.tap('pool', pool)
  return g.build(g.add('classifier.1', dense({ units: classes }), dropped(g, 'classifier.0', dropout, rate, pool)))
}
