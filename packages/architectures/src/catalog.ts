import { GpdError, kinds, needed, optional, type Filled, type Given, type Network } from '@gpdjs/core'
import { cifarResnet } from './cifar-resnet.ts'
import { convnext } from './convnext.ts'
import { deit } from './deit.ts'
import { imagenetResnet } from './imagenet-resnet.ts'
import { imagenetVgg } from './imagenet-vgg.ts'
import { mlpMixer } from './mlp-mixer.ts'
import { mobilenetV1 } from './mobilenet-v1.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import { blocks, classes, imageShape } from './options.ts'
import { rvt } from './rvt.ts'
import { shufflenetV2 } from './shufflenet-v2.ts'
import { vgg } from './vgg.ts'
import { vit } from './vit.ts'
import { wideResnet } from './wide-resnet.ts'

/** Options of every registered network. */
export const NETWORK = {
  /** How many classes the data has. */
  classes: needed(classes),
  /** `[height, width, channels]` (default: what the network was made for). */
  inputShape: optional(imageShape),
  /** Channels of the first stage, or of a token; the rest of the network scales with it. */
  width: optional(kinds.count),
  /** Blocks in each stage; transformers and mixers of one stage take a list of one. */
  blocks: optional(blocks()),
}

export type NetworkOptions = Given<typeof NETWORK>

export type MakeNetwork = (options: Filled<typeof NETWORK>) => Network

/** A family whose own options are those of the registry, with those that make up a name. */
const named =
  <Options>(family: (options: Options) => Network, preset: Omit<Options, 'classes'>): MakeNetwork =>
  (options) =>
    family({ ...preset, ...options } as Options)

/** A family with one stage of `depth` blocks. */
const stack =
  <Options>(family: (options: Options) => Network, preset: Omit<Options, 'classes'>): MakeNetwork =>
  ({ blocks, ...options }) => {
    if (blocks === undefined) return family({ ...preset, ...options } as Options)
    if (blocks.length === 1) return family({ ...preset, ...options, depth: blocks[0] } as Options)
    const found = `${blocks.length} stages`
    throw new GpdError(
      'config.invalid',
      `${family.name}: blocks: expected a list of one number, got ${found}.`,
      'For example [6].',
    )
  }

const cifarResnetOf =
  (depth: number): MakeNetwork =>
  (options) =>
    cifarResnet(options.blocks === undefined ? { ...options, depth } : options)

/** The width of the first stage is what the other layers are multiples of. */
const mobilenetV2Of =
  (widthMultiplier: number): MakeNetwork =>
  ({ width, ...options }) =>
    mobilenetV2({ ...options, widthMultiplier: width === undefined ? widthMultiplier : width / 32 })

interface RvtSize {
  readonly depth: readonly number[]
  readonly heads: readonly [number, ...number[]]
  readonly headWidth: number
}

const rvtOf =
  (size: RvtSize): MakeNetwork =>
  ({ width = size.headWidth * size.heads[0], blocks = size.depth, ...options }) =>
    rvt({ ...options, depth: blocks, heads: size.heads, headWidth: width / size.heads[0] })

const each = <K extends string | number>(keys: readonly K[], entry: (key: K) => readonly [string, MakeNetwork]) =>
  Object.fromEntries(keys.map(entry))

/** Every network that has a name: the one place to add one. */
export const catalog: Readonly<Record<string, MakeNetwork>> = {
  ...each([8, 14, 20, 26, 32, 44, 56, 110], (depth) => [`resnet${depth}`, cifarResnetOf(depth)]),
  ...each([18, 34, 50, 101, 152], (depth) => [`resnet${depth}`, named(imagenetResnet, { depth })]),
  ...each([16, 40], (depth) => [`wrn_${depth}_1`, named(wideResnet, { depth, widen: 1 })]),
  ...each([16, 40], (depth) => [`wrn_${depth}_2`, named(wideResnet, { depth, widen: 2 })]),
  vgg8: named(vgg, { blocks: [1, 1, 1, 1, 1] }),
  vgg13: named(vgg, { blocks: [2, 2, 2, 2, 2] }),
  ...each([11, 13, 16, 19], (depth) => [`vgg${depth}_bn`, named(imagenetVgg, { depth })]),
  // 'vgg13' is the one for CIFAR above.
  ...each([11, 16, 19], (depth) => [`vgg${depth}`, named(imagenetVgg, { depth, batchNorm: false })]),
  mobilenet_v1: named(mobilenetV1, {}),
  mobilenet_v2: mobilenetV2Of(1),
  shufflenet_v2_x0_5: named(shufflenetV2, { width: 48 }),
  shufflenet_v2_x1_0: named(shufflenetV2, { width: 116 }),
  shufflenet_v2_x1_5: named(shufflenetV2, { width: 176 }),
  shufflenet_v2_x2_0: named(shufflenetV2, { width: 244, lastWidth: 2048 }),
  convnext_atto: named(convnext, { width: 40 }),
  convnext_femto: named(convnext, { width: 48 }),
  convnext_pico: named(convnext, { width: 64 }),
  vit_b_16: stack(vit, { patchSize: 16 }),
  vit_b_32: stack(vit, { patchSize: 32 }),
  vit_l_16: stack(vit, { patchSize: 16, depth: 24, width: 1024, heads: 16 }),
  ...each(['', '_distilled'], (kind) => [
    `deit_tiny${kind}`,
    stack(deit, { width: 192, heads: 3, distilled: kind !== '' }),
  ]),
  ...each(['', '_distilled'], (kind) => [
    `deit_small${kind}`,
    stack(deit, { width: 384, heads: 6, distilled: kind !== '' }),
  ]),
  ...each(['', '_distilled'], (kind) => [
    `deit_base${kind}`,
    stack(deit, { width: 768, heads: 12, distilled: kind !== '' }),
  ]),
  rvt_tiny: rvtOf({ depth: [10, 2], heads: [6, 12], headWidth: 32 }),
  rvt_small: rvtOf({ depth: [12], heads: [6], headWidth: 64 }),
  mixer_s16: stack(mlpMixer, {}),
  mixer_b16: stack(mlpMixer, { depth: 12, width: 768 }),
}
