import type { Network, Shape } from '@gpdjs/core'
import { cifarResnet, isCifarDepth } from './cifar-resnet.ts'
import { imagenetDepths, imagenetResnet } from './imagenet-resnet.ts'
import { checkOptions, commonRules } from './options.ts'

export interface ResnetOptions {
  /** 18, 34, 50, 101 or 152 for the ImageNet family, 6n + 2 for the CIFAR family. */
  readonly depth: number
  readonly classes: number
  /** Channels of the first stage. Default: the family's, 64 or 16. */
  readonly width?: number
  /** `[height, width, channels]`. Default: the family's, 224×224×3 or 32×32×3. */
  readonly inputShape?: Shape
}

const isImagenetDepth = (depth: unknown): boolean => imagenetDepths.some((known) => known === depth)

const rules = {
  ...commonRules,
  depth: {
    expected: `${imagenetDepths.join(', ')} (ImageNet family) or 6n + 2 (CIFAR family)`,
    accepts: (value: unknown) => isImagenetDepth(value) || isCifarDepth(value),
    fix: 'Use for example 20 for small images and 18 for large ones.',
  },
}

/**
 * The ResNet that papers mean by this depth: 18, 34, 50, 101 and 152 are {@link imagenetResnet}, all others
 * {@link cifarResnet}. (50 and 152 are also 6n + 2: call `cifarResnet` for those.) The input shape has no influence.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = resnet({ depth: 20, classes: 10 })
 */
export function resnet(options: ResnetOptions): Network {
  checkOptions('resnet', rules, options)
  return isImagenetDepth(options.depth) ? imagenetResnet(options) : cifarResnet(options)
}
