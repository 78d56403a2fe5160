import { add, batchNorm, conv2d, relu, type Graph } from '@gpdjs/core'

export interface ConvNorm {
  readonly conv: string
  readonly norm: string
  readonly filters: number
  readonly kernelSize: number
  readonly strides?: number
}

/** Convolution without bias, padded as PyTorch does (the same on every side), then batch norm. */
export function convNorm(g: Graph, x: string, { conv, norm, filters, kernelSize, strides = 1 }: ConvNorm): string {
  const padding = (kernelSize - 1) / 2
  return g.add(norm, batchNorm(), g.add(conv, conv2d({ filters, kernelSize, strides, padding }), x))
}

export interface BlockOptions {
  /** `layer1.0` */
  readonly name: string
  /** Channels inside the block. */
  readonly width: number
  readonly strides: number
  /** Whether the input needs a 1×1 convolution before it can be added to the output. */
  readonly project: boolean
}

/** A kind of residual block: channels that come out for each of `width`, and how it is built. Returns the sum, before its ReLU. */
export interface Block {
  readonly expansion: number
  build(g: Graph, x: string, options: BlockOptions): string
}

function addShortcut(
  g: Graph,
  x: string,
  y: string,
  filters: number,
  { name, strides, project }: BlockOptions,
): string {
  const shortcut = project
    ? convNorm(g, x, { conv: `${name}.downsample.0`, norm: `${name}.downsample.1`, filters, kernelSize: 1, strides })
    : x
  return g.add(`${name}.add`, add(), y, shortcut)
}

/** Two 3×3 convolutions. He et al., "Deep Residual Learning for Image Recognition", 2016, figure 5 left. */
export const basicBlock: Block = {
  expansion: 1,
  build(g, x, options) {
    const { name, width: filters, strides } = options
    const first = convNorm(g, x, { conv: `${name}.conv1`, norm: `${name}.bn1`, filters, kernelSize: 3, strides })
    const active = g.add(`${name}.relu1`, relu(), first)
    const second = convNorm(g, active, { conv: `${name}.conv2`, norm: `${name}.bn2`, filters, kernelSize: 3 })
    return addShortcut(g, x, second, filters, options)
  },
}

/** 1×1, 3×3 (which carries the stride, as in torchvision), 1×1 to four times the width. The same paper, figure 5 right. */
export const bottleneck: Block = {
  expansion: 4,
  build(g, x, options) {
    const { name, width, strides } = options
    const layers = [
      { conv: `${name}.conv1`, norm: `${name}.bn1`, filters: width, kernelSize: 1 },
      { conv: `${name}.conv2`, norm: `${name}.bn2`, filters: width, kernelSize: 3, strides },
    ]
    const inner = layers.reduce((y, layer, i) => g.add(`${name}.relu${i + 1}`, relu(), convNorm(g, y, layer)), x)
    const last = convNorm(g, inner, { conv: `${name}.conv3`, norm: `${name}.bn3`, filters: 4 * width, kernelSize: 1 })
    return addShortcut(g, x, last, 4 * width, options)
  },
}

export interface StagesOptions {
  readonly block: Block
  /** Blocks in each stage. */
  readonly blocks: readonly number[]
  /** Channels inside the blocks of the first stage; each further stage has twice as many. */
  readonly width: number
  /** Channels of `x`. */
  readonly channels: number
}

/**
 * Stages of residual blocks, each but the first halving the image. Taps: `layer1`, `layer2`, … after the last ReLU of
 * a stage, `layer1.preactivation`, … before it.
 */
export function residualStages(g: Graph, start: string, { block, blocks, width, channels }: StagesOptions): string {
  let [x, depth] = [start, channels]
  blocks.forEach((count, stage) => {
    const inside = width * 2 ** stage
    for (let i = 0; i < count; i++) {
      const name = `layer${stage + 1}.${i}`
      const strides = stage > 0 && i === 0 ? 2 : 1
      const project = strides > 1 || depth !== inside * block.expansion
      const sum = block.build(g, x, { name, width: inside, strides, project })
      x = g.add(`${name}.relu`, relu(), sum)
      depth = inside * block.expansion
      if (i < count - 1) continue
      g.tap(`layer${stage + 1}`, x)
      g.tap(`layer${stage + 1}.preactivation`, sum)
    }
  })
  return x
}
