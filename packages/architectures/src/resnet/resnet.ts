import { type Network, type Shape } from '@gpdjs/core'
import { checkOptions, commonRules } from '../options.ts'
import { cifarResnet, isCifarDepth } from './cifar-resnet.ts'
import { imagenetDepths, imagenetResnet, isImagenetDepth } from './imagenet-resnet.ts'

export interface ResnetOptions {
  /** 18, 34 or 50 for the ImageNet family, 6n + 2 for the CIFAR family. */
  readonly depth: number
  readonly classes: number
  /** Channels of the first stage. Default: the family's, 64 or 16. */
  readonly width?: number
  /** `[height, width, channels]`. Default: the family's, `[224, 224, 3]` or `[32, 32, 3]`. */
  readonly inputShape?: Shape
}

const rules = {
  ...commonRules,
  depth: {
    expected: `${imagenetDepths.join(', ')} (ImageNet family) or 6n + 2 (CIFAR family)`,
    accepts: (value: unknown) => isImagenetDepth(value) || isCifarDepth(value),
    fix: 'Use for example 20 for small images and 18 for large ones.',
  },
} as const

/**
 * The ResNet that papers mean by this depth: 18, 34 and 50 are {@link imagenetResnet}, all others {@link cifarResnet}.
 * (50 is also 6n + 2: call `cifarResnet` for that one.) The input shape has no say in it.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example resnet({ depth: 20, classes: 10 })
 */
export function resnet(options: ResnetOptions): Network {
  checkOptions('resnet', rules, options)
  const { depth } = options
  return isImagenetDepth(depth) ? imagenetResnet({ ...options, depth }) : cifarResnet(options)
}
