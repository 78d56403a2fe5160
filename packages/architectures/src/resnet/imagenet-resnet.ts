import { maxPool, relu, type Network, type Shape } from '@gpdjs/core'
import { checkOptions, commonRules } from '../options.ts'
import { basicBlock, bottleneck, convolutionNorm, type BlockDesign } from './residual-block.ts'
import { residualNetwork } from './residual-network.ts'

/** Table 1 of the paper. */
const designs = {
  18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  50: { block: bottleneck, blocks: [3, 4, 6, 3] },
} as const satisfies Record<number, { block: BlockDesign; blocks: readonly number[] }>

export type ImagenetResnetDepth = keyof typeof designs

export interface ImagenetResnetOptions {
  readonly depth: ImagenetResnetDepth
  /** Default 1000. */
  readonly classes?: number
  /** `[height, width, channels]`, default `[224, 224, 3]`. */
  readonly inputShape?: Shape
  /** Channels of the first stage (of its 3x3 convolutions), doubled by every further one. Default 64. */
  readonly width?: number
}

export const imagenetDepths = Object.keys(designs).map(Number) as readonly ImagenetResnetDepth[]

export const isImagenetDepth = (value: unknown): value is ImagenetResnetDepth => imagenetDepths.some((depth) => depth === value)

const rules = {
  ...commonRules,
  classes: { ...commonRules.classes, optional: true },
  depth: { expected: imagenetDepths.join(', '), accepts: isImagenetDepth, fix: 'Other depths (6n + 2) are made by cifarResnet.' },
} as const

/**
 * A residual network for large images, as torchvision's `resnet18`, `resnet34` and `resnet50`: the same parameter names,
 * the same numbers out for the same numbers in. The stem (a 7x7 convolution with stride 2, max pooling with stride 2)
 * divides height and width by 4, the stages by 8.
 *
 * Taps: each stage's output `layer1` … `layer4`, the same before its last ReLU `layer1.preactivation`, …, and `pool`,
 * `[batch, channels]`.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example imagenetResnet({ depth: 50 })
 * @example imagenetResnet({ depth: 18, classes: 200, inputShape: [64, 64, 3] })
 * @see He et al., "Deep Residual Learning for Image Recognition", 2016, table 1
 */
export function imagenetResnet(options: ImagenetResnetOptions): Network {
  checkOptions('imagenetResnet', rules, options)
  const { depth, classes = 1000, inputShape = [224, 224, 3], width = 64 } = options
  return residualNetwork({
    ...designs[depth],
    name: `resnet${depth}${width === 64 ? '' : `-w${width}`}`,
    inputShape,
    classes,
    width,
    stem: (g) => {
      const norm = convolutionNorm(g, 'image', ['conv1', 'bn1'], { kernelSize: 7, filters: width, strides: 2 })
      const pooled = g.add('maxpool', maxPool({ kernelSize: 3, strides: 2, padding: 1 }), g.add('relu', relu(), norm))
      return { node: pooled, channels: width }
    },
  })
}
