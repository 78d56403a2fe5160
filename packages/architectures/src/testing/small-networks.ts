import type { Network } from '@gpdjs/core'
import { createNetwork } from '../registry.ts'

/** Side of the images, width, blocks. */
const SIZES = [
  ['resnet8', 8, 4, [1, 1, 1]],
  ['resnet50', 32, 4, [1, 1, 1, 1]],
  ['wrn_16_2', 8, 4, [1, 1, 1]],
  ['vgg8', 16, 4, [1, 1, 1, 1, 1]],
  ['vgg11_bn', 32, 4, [1, 1, 1, 1, 1]],
  ['mobilenet_v1', 32, 4, [1, 1, 1, 1, 1]],
  ['mobilenet_v2', 32, 8, [1, 1, 2, 1, 1, 1, 1]],
  ['shufflenet_v2_x0_5', 32, 8, [2, 1, 1]],
  ['convnext_atto', 32, 4, [1, 1, 1, 1]],
  ['vit_b_16', 32, 24, [1]],
  ['deit_tiny_distilled', 32, 12, [1]],
  ['rvt_tiny', 32, 12, [1, 1]],
  ['mixer_s16', 32, 8, [1]],
] as const

/** One network of each family, small, by its name. */
export const smallNetworks: Readonly<Record<string, () => Network>> = Object.fromEntries(
  SIZES.map(([name, side, width, blocks]) => [
    name,
    () => createNetwork(name, { classes: 3, inputShape: [side, side, 3], width, blocks }),
  ]),
)
