import { add, batchNorm, conv2d, relu, type Graph } from '@gpdjs/core'

/** A node that makes feature maps, and how many channels they have. */
export interface Features {
  readonly node: string
  readonly channels: number
}

interface Convolution {
  readonly kernelSize: number
  readonly filters: number
  readonly strides: number
}

/** The convolutions of a residual block, for a stage of `channels` and a block that shrinks the image by `strides`. */
export type BlockDesign = (channels: number, strides: number) => readonly [Convolution, ...Convolution[]]

/** Two 3x3 convolutions. He et al., "Deep Residual Learning for Image Recognition", 2016, figure 5 left. */
export const basicBlock: BlockDesign = (channels, strides) => [
  { kernelSize: 3, filters: channels, strides },
  { kernelSize: 3, filters: channels, strides: 1 },
]

/**
 * 1x1, 3x3 and 1x1, the last four times as wide. Figure 5 right, but with the stride on the 3x3 convolution as
 * torchvision has it ("ResNet v1.5"): the paper's stride on the first 1x1 skips three quarters of the positions.
 */
export const bottleneck: BlockDesign = (channels, strides) => [
  { kernelSize: 1, filters: channels, strides: 1 },
  { kernelSize: 3, filters: channels, strides },
  { kernelSize: 1, filters: 4 * channels, strides: 1 },
]

/**
 * Convolution without bias, batch normalization.
 *
 * Padding is a number, the same on all sides: with stride 2 TensorFlow's `same` would pad on the right only, and
 * weights trained in PyTorch would see shifted images.
 */
export function convolutionNorm(g: Graph, x: string, [conv, norm]: readonly [string, string], convolution: Convolution): string {
  const padding = (convolution.kernelSize - 1) / 2
  return g.add(norm, batchNorm(), g.add(conv, conv2d({ ...convolution, padding }), x))
}

/** The input itself, or a 1x1 convolution of it where the block changes the shape. */
function shortcut(g: Graph, x: Features, name: string, filters: number, strides: number): string {
  if (strides === 1 && x.channels === filters) return x.node
  return convolutionNorm(g, x.node, [`${name}.downsample.0`, `${name}.downsample.1`], { kernelSize: 1, filters, strides })
}

/**
 * `relu(f(x) + shortcut(x))`, nodes named as in torchvision: `<name>.conv1`, `<name>.bn1`, …, `<name>.downsample.0`.
 * The sum before the last ReLU is the node `<name>.add`.
 */
export function residualBlock(g: Graph, x: Features, name: string, design: readonly [Convolution, ...Convolution[]]): Features {
  const norm = (input: string, convolution: Convolution, i: number) =>
    convolutionNorm(g, input, [`${name}.conv${i + 1}`, `${name}.bn${i + 1}`], convolution)
  const branch = design.reduce(
    (input, convolution, i) => norm(i === 0 ? input : g.add(`${name}.relu${i}`, relu(), input), convolution, i),
    x.node,
  )
  const filters = design.at(-1)?.filters ?? x.channels
  const strides = design.reduce((product, convolution) => product * convolution.strides, 1)
  const sum = g.add(`${name}.add`, add(), branch, shortcut(g, x, name, filters, strides))
  return { node: g.add(`${name}.relu${design.length}`, relu(), sum), channels: filters }
}
