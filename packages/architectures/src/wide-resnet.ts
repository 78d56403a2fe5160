import {
  add,
  batchNorm,
  conv2d,
  dense,
  dropout,
  fillOptions,
  globalAveragePool,
  graph,
  kinds,
  needed,
  option,
  optional,
  relu,
  type Given,
  type Graph,
  type Network,
} from '@gpdjs/core'
import { dropped } from './drop.ts'
import { blocks, classes, imageShape, isCount } from './options.ts'

const isDepth = (value: unknown): boolean => isCount(value) && Number(value) >= 10 && Number(value) % 6 === 4

const OPTIONS = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** 6n + 4: three stages of n blocks. */
  depth: needed(kinds.kind<number>('6n + 4', isDepth, 'Use 10, 16, 22, 28 or 40.')),
  /** How many times the stages are wider than those of a ResNet for CIFAR (default 1). */
  widen: option(kinds.positive, 1),
  /** Instead of the blocks that the depth stands for: blocks in each of the three stages. */
  blocks: optional(blocks(3)),
  /** Channels of the first convolution (default 16). */
  width: option(kinds.count, 16),
  /** `[height, width, channels]` (default 32×32×3). */
  inputShape: option(imageShape, [32, 32, 3]),
  /** Rate of dropout between the convolutions of a block (default 0). */
  dropout: option(kinds.rate, 0),
}

export type WideResnetOptions = Given<typeof OPTIONS>

interface BlockOptions {
  readonly name: string
  readonly filters: number
  readonly strides: number
  /** Whether channels change, so that the input needs a convolution before it can be added. */
  readonly project: boolean
  readonly dropout: number
}

/** Norm, ReLU, 3×3, norm, ReLU, 3×3; the sum with the input is not activated. */
function preactivationBlock(
  g: Graph,
  x: string,
  { name, filters, strides, project, dropout: rate }: BlockOptions,
): string {
  const at = (layer: string) => `${name}.${layer}`
  const active = g.add(at('relu1'), relu(), g.add(at('bn1'), batchNorm(), x))
  const first = g.add(at('conv1'), conv2d({ filters, kernelSize: 3, strides, padding: 1 }), active)
  const inner = dropped(
    g,
    at('dropout'),
    dropout,
    rate,
    g.add(at('relu2'), relu(), g.add(at('bn2'), batchNorm(), first)),
  )
  const second = g.add(at('conv2'), conv2d({ filters, kernelSize: 3, padding: 1 }), inner)
  // Where channels change both ways start from the activated input.
  const shortcut = project
    ? g.add(at('convShortcut'), conv2d({ filters, kernelSize: 1, strides, padding: 0 }), active)
    : x
  return g.add(at('add'), add(), shortcut, second)
}

/**
 * Wide residual network for CIFAR, WRN-d-w of the literature on distillation: layers and parameter names of mdistiller.
 *
 * Taps: `layer1` … `layer3` are the sums that stages hand on, `layer1.preactivation` … these normalized by the norm that
 * follows; `pool`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const teacher = wideResnet({ depth: 40, widen: 2, classes: 100 }) // WRN-40-2
 * @see Zagoruyko and Komodakis, "Wide Residual Networks", 2016
 */
export function wideResnet(options: WideResnetOptions): Network {
  const {
    classes,
    depth,
    widen,
    width,
    inputShape,
    dropout: rate,
    ...given
  } = fillOptions('wideResnet', OPTIONS, options)
  const blocks = given.blocks ?? Array.from({ length: 3 }, () => (depth - 4) / 6)
  const g = graph({ name: `wrn${depth}-${widen}-w${width}`, inputShape })
  let [x, channels] = [g.add('conv1', conv2d({ filters: width, kernelSize: 3, padding: 1 }), 'image'), width]
  blocks.forEach((count, stage) => {
    const filters = Math.round(width * widen) * 2 ** stage
    for (let i = 0; i < count; i++) {
      const strides = stage > 0 && i === 0 ? 2 : 1
      const given = { name: `block${stage + 1}.layer.${i}`, filters, strides, dropout: rate }
      x = preactivationBlock(g, x, { ...given, project: channels !== filters })
      channels = filters
    }
    g.tap(`layer${stage + 1}`, x)
    g.tap(`layer${stage + 1}.preactivation`, stage < 2 ? `block${stage + 2}.layer.0.bn1` : 'bn1')
  })
  const pool = g.add('pool', globalAveragePool(), g.add('relu', relu(), g.add('bn1', batchNorm(), x)))
  g.tap('pool', pool)
  return g.build(g.add('fc', dense({ units: classes }), pool))
}
