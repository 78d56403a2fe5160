import {
  batchNorm,
  conv2d,
  dense,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  maxPool,
  needed,
  option,
  relu,
  type Given,
  type Network,
} from '@gpdjs/core'
import { blocks, classes, imageShape } from './options.ts'

const GROWTH = [1, 2, 4, 8, 8] as const

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 32×32×3). */
  inputShape: option(imageShape, [32, 32, 3]),
  /** Convolutions in each of the five stages (default 1, 1, 1, 1, 1, which is VGG-8). */
  blocks: option(blocks(GROWTH.length), [1, 1, 1, 1, 1]),
  /** Channels of the first stage; the others have 2, 4, 8 and 8 times as many (default 64). */
  width: option(kinds.count, 64),
}

export type VggOptions = Given<typeof OPTIONS>

/** Images from this size on are halved a fourth time. */
const LARGE = 64

/**
 * The VGG of the literature on distillation for CIFAR: five stages of 3×3 convolutions with batch norm, the mean over
 * positions, one linear layer. Layers and parameter names are those of mdistiller.
 *
 * Taps: `layer1` … `layer5` behind the stages and `layer1.preactivation` … before their last ReLU; `pool`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const teacher = vgg({ classes: 100, blocks: [2, 2, 2, 2, 2] }) // VGG-13
 * @see Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015
 */
export function vgg(options: VggOptions): Network {
  const { classes, inputShape, blocks, width } = fillOptions('vgg', OPTIONS, options)
  const depth = blocks.reduce((sum, count) => sum + count, 3)
  const g = graph({ name: `vgg${depth}-w${width}`, inputShape })
  const halvings = inputShape[0]! >= LARGE ? 4 : 3
  let x = 'image'
  GROWTH.forEach((growth, stage) => {
    for (let i = 0; i < blocks[stage]!; i++) {
      const name = (layer: number) => `block${stage}.${3 * i + layer}`
      const conv = g.add(name(0), conv2d({ filters: growth * width, kernelSize: 3, padding: 1, useBias: true }), x)
      const norm = g.add(name(1), batchNorm(), conv)
      x = g.add(name(2), relu(), norm)
      g.tap(`layer${stage + 1}`, x)
      g.tap(`layer${stage + 1}.preactivation`, norm)
    }
    if (stage < halvings) x = g.add(`pool${stage}`, maxPool({ kernelSize: 2, strides: 2 }), x)
  })
  const pool = g.add('pool4', globalAveragePool(), x)
  g.tap('pool', pool)
  return g.build(g.add('classifier', dense({ units: classes }), pool))
}
