import { fillOptions, kinds, needed, optional, type Given, type Network } from '@gpdjs/core'
import { cifarResnet, isCifarDepth } from './cifar-resnet.ts'
import { imagenetDepths, imagenetResnet } from './imagenet-resnet.ts'
import { classes, imageShape } from './options.ts'

const isImagenetDepth = (depth: unknown): boolean => imagenetDepths.some((known) => known === depth)

const depths = kinds.kind<number>(
  `${imagenetDepths.join(', ')} (ImageNet family) or 6n + 2 (CIFAR family)`,
  (depth) => isImagenetDepth(depth) || isCifarDepth(depth),
  'Use for example 20 for small images and 18 for large ones.',
)

const OPTIONS = {
  /** 18, 34, 50, 101 or 152 for the ImageNet family, 6n + 2 for the CIFAR family. */
  depth: needed(depths),
  /** How many classes the data has. */
  classes: needed(classes),
  /** Channels of the first stage (default: the family's, 64 or 16). */
  width: optional(kinds.count),
  /** `[height, width, channels]` (default: the family's, 224×224×3 or 32×32×3). */
  inputShape: optional(imageShape),
}

export type ResnetOptions = Given<typeof OPTIONS>

/**
 * The ResNet that papers mean by this depth: 18, 34, 50, 101 and 152 are {@link imagenetResnet}, all others
 * {@link cifarResnet}. (50 and 152 are also 6n + 2: call `cifarResnet` for those.) The input shape has no influence.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = resnet({ depth: 20, classes: 10 })
 */
export function resnet(options: ResnetOptions): Network {
  const filled = fillOptions('resnet', OPTIONS, options)
  return isImagenetDepth(filled.depth) ? imagenetResnet(filled) : cifarResnet(filled)
}
