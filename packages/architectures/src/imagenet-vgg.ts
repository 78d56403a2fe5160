import {
  adaptiveAveragePool,
  batchNorm,
  conv2d,
  dense,
  dropout,
  fillOptions,
  flatten,
  graph,
  kinds,
  maxPool,
  needed,
  option,
  optional,
  relu,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropped } from './drop.ts'
import { blocks, classes, imageShape, oneOfDepths } from './options.ts'

/** Convolutions of each stage: table 1 of the paper, columns A, B, D and E. */
const STAGES: Readonly<Record<number, readonly number[]>> = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
}

const GROWTH = [1, 2, 4, 8, 8] as const

/** Side of the map that is the input of the dense layers, for images of any size. */
const SIDE = 7

const OPTIONS = {
  /** 11, 13, 16 or 19: convolutions and dense layers. */
  depth: needed(oneOfDepths(Object.keys(STAGES).map(Number))),
  /** How many classes the data has (default 1000). */
  classes: option(classes, 1000),
  /** Batch normalization behind every convolution (default true). */
  batchNorm: option(kinds.flag, true),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Channels of the first stage; the others have 2, 4, 8 and 8 times as many (default 64). */
  width: option(kinds.count, 64),
  /** Units of the two hidden dense layers (default: 64 · width, which is 4096). */
  denseWidth: optional(kinds.count),
  /** Instead of the convolutions that the depth stands for: how many in each of the five stages. */
  blocks: optional(blocks(GROWTH.length)),
  /** Rate of dropout behind the hidden dense layers (default 0; torchvision trains with 0.5). */
  dropout: option(kinds.rate, 0),
}

export type ImagenetVggOptions = Given<typeof OPTIONS>

/** Stages of 3×3 convolutions, each halved at its end. Layers are counted as in torchvision's `features`. */
function features(g: Graph, width: number, blocks: readonly number[], norms: boolean): string {
  let [x, layer] = ['image', 0]
  const next = () => `features.${layer++}`
  GROWTH.forEach((growth, stage) => {
    let before = x
    for (let i = 0; i < blocks[stage]!; i++) {
      const filters = growth * width
      before = g.add(next(), conv2d({ filters, kernelSize: 3, padding: 1, useBias: true }), x)
      if (norms) before = g.add(next(), batchNorm(), before)
      x = g.add(next(), relu(), before)
    }
    g.tap(`layer${stage + 1}`, x)
    g.tap(`layer${stage + 1}.preactivation`, before)
    x = g.add(next(), maxPool({ kernelSize: 2, strides: 2 }), x)
  })
  return x
}

/**
 * VGG for ImageNet, layer by layer as in torchvision, with its parameter names: five stages of 3×3 convolutions, a map of
 * 7×7, three dense layers. {@link vgg} is the smaller one of the literature on distillation for CIFAR.
 *
 * Taps: `layer1` … `layer5` before the stages are halved and `layer1.preactivation` … before their last ReLU; `pool`, the
 * input of the last dense layer.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const teacher = imagenetVgg({ depth: 16, classes: 100 })
 * @see Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015
 */
export function imagenetVgg(options: ImagenetVggOptions): Network {
  const filled = fillOptions('imagenetVgg', OPTIONS, options)
  const { depth, classes, inputShape, width, dropout: rate, batchNorm: norms } = filled
  const { denseWidth = 64 * width, blocks = STAGES[depth]! } = filled
  const g = graph({ name: `vgg${depth}${norms ? '-bn' : ''}-w${width}`, inputShape })
  const map = g.add('avgpool', adaptiveAveragePool({ height: SIDE, width: SIDE }), features(g, width, blocks, norms))
  const hidden = (layer: number, x: string): string => {
    const active = g.add(
      `classifier.${layer + 1}`,
      relu(),
      g.add(`classifier.${layer}`, dense({ units: denseWidth }), x),
    )
    return dropped(g, `classifier.${layer + 2}`, dropout, rate, active)
  }
  const last = hidden(3, hidden(0, g.add('flatten', flatten(), map)))
  g.tap('pool', last)
  return g.build(g.add('classifier.6', dense({ units: classes }), last))
}
