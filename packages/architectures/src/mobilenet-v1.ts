import {
  batchNorm,
  dense,
  depthwiseConv2d,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  needed,
  option,
  relu,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { blocks, classes, imageShape } from './options.ts'
import { convNorm } from './residual.ts'

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default 224×224×3). */
  inputShape: option(imageShape, [224, 224, 3]),
  /** Channels of the first convolution; stages have 2, 4, 8, 16, 32 times as many (default 32). */
  width: option(kinds.count, 32),
  /** Blocks in each stage (default 1, 2, 2, 6, 2). */
  blocks: option(blocks(), [1, 2, 2, 6, 2]),
}

export type MobilenetV1Options = Given<typeof OPTIONS>

interface SeparableOptions {
  readonly name: string
  readonly filters: number
  readonly strides: number
}

/** Depthwise 3×3, then 1×1, each with batch norm and ReLU. Returns the last norm and its ReLU. */
function separable(g: Graph, x: string, { name, filters, strides }: SeparableOptions): [norm: string, output: string] {
  const depthwise = g.add(`${name}.0`, depthwiseConv2d({ kernelSize: 3, strides, padding: 1 }), x)
  const mixed = g.add(`${name}.2`, relu(), g.add(`${name}.1`, batchNorm(), depthwise))
  const norm = convNorm(g, mixed, { conv: `${name}.3`, norm: `${name}.4`, filters, kernelSize: 1 })
  return [norm, g.add(`${name}.5`, relu(), norm)]
}

/**
 * MobileNet (version 1), layer by layer as in the authors' release of GPD, with its parameter names.
 *
 * Taps: `layer1` … `layer5` behind the stages and `layer1.preactivation` … before their last ReLU; `pool`. The authors'
 * ReviewKD compares `layer2.preactivation` … `layer5.preactivation` and `pool`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = mobilenetV1({ classes: 1000 })
 * @see Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017
 */
export function mobilenetV1(options: MobilenetV1Options): Network {
  const { classes, inputShape, width, blocks } = fillOptions('mobilenetV1', OPTIONS, options)
  const g = graph({ name: `mobilenet-v1-w${width}`, inputShape })
  const stem = { conv: 'model.0.0', norm: 'model.0.1', filters: width, kernelSize: 3, strides: 2 }
  let x = g.add('model.0.2', relu(), convNorm(g, 'image', stem))
  let index = 1
  blocks.forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const strides = stage > 0 && i === 0 ? 2 : 1
      const [norm, output] = separable(g, x, { name: `model.${index++}`, filters: width * 2 ** (stage + 1), strides })
      x = output
      if (i < count - 1) continue
      g.tap(`layer${stage + 1}`, output)
      g.tap(`layer${stage + 1}.preactivation`, norm)
    }
  })
  const pool = g.add('pool', globalAveragePool(), x)
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
