import { GpdError, type Network } from '@gpdjs/core'
import type { TorchLayout } from './layout.ts'

/** A library whose names and shapes a state dict has. */
export const TORCH_NAMES = ['torchvision', 'timm'] as const
export type TorchNames = (typeof TORCH_NAMES)[number]

type Shape = readonly number[]

/**
 * One parameter in both libraries: `#` stands for a number, `*` for its last part. Where one of them keeps the
 * same numbers in another shape, `shapes` makes it from the other's.
 */
export interface Spelling {
  readonly torchvision: string
  readonly timm: string
  readonly shapes?: Readonly<Partial<Record<TorchNames, (shape: Shape) => Shape>>>
}

const spelled = (torchvision: string, timm = torchvision, shapes: Spelling['shapes'] = {}): Spelling => ({
  torchvision,
  timm,
  shapes,
})

/** A linear layer and the 1×1 convolution that it is on a map. */
const linear = ([units = 0, inputs = 0]: Shape): Shape => [units, inputs]
const pointwise = ([units = 0, inputs = 0]: Shape): Shape => [units, inputs, 1, 1]

/** He et al.: both libraries have the same names. */
const resnet = (): Spelling[] =>
  ['conv1.*', 'bn1.*', 'fc.*', ...['conv#.*', 'bn#.*', 'downsample.#.*'].map((layer) => `layer#.#.${layer}`)].map(
    (name) => spelled(name),
  )

/** Side of the map before the first dense layer of VGG; timm holds that layer as a convolution. */
const VGG_SIDE = 7
const VGG_AREA = VGG_SIDE ** 2

const vgg = (): Spelling[] => [
  spelled('features.#.*'),
  spelled('classifier.0.weight', 'pre_logits.fc1.weight', {
    torchvision: ([units = 0, channels = 0, area = 1]) => [units, area === 1 ? channels : channels * VGG_AREA],
    timm: ([units = 0, inputs = 0]) => [units, inputs / VGG_AREA, VGG_SIDE, VGG_SIDE],
  }),
  spelled('classifier.0.bias', 'pre_logits.fc1.bias'),
  spelled('classifier.3.weight', 'pre_logits.fc2.weight', { torchvision: linear, timm: pointwise }),
  spelled('classifier.3.bias', 'pre_logits.fc2.bias'),
  spelled('classifier.6.*', 'head.fc.*'),
]

/** torchvision counts the blocks of all stages, timm those of each; the taps behind the stages mark their ends. */
function mobilenetV2({ taps }: Network): Spelling[] {
  const ends = Array.from({ length: 7 }, (_, stage) =>
    Number(/^features\.(\d+)\./.exec(taps[`layer${stage + 1}`] ?? '')?.[1]),
  )
  if (!ends.every(Number.isInteger)) return []
  const blocks = ends.flatMap((end, stage) => {
    const start = stage === 0 ? 1 : ends[stage - 1]! + 1
    return Array.from({ length: end - start + 1 }, (_, i) => [start + i, stage, i] as const)
  })
  const separable = { '0.0': 'conv_dw', '0.1': 'bn1', 1: 'conv_pw', 2: 'bn2' }
  const inverted = { '0.0': 'conv_pw', '0.1': 'bn1', '1.0': 'conv_dw', '1.1': 'bn2', 2: 'conv_pwl', 3: 'bn3' }
  const layers = blocks.flatMap(([index, stage, i]) =>
    Object.entries(stage === 0 ? separable : inverted).map(([layer, name]) =>
      spelled(`features.${index}.conv.${layer}.*`, `blocks.${stage}.${i}.${name}.*`),
    ),
  )
  const last = ends.at(-1)! + 1
  const [stem, head] = [['conv_stem', 'bn1'], ['conv_head', 'bn2']] // prettier-ignore
  return [
    ...layers,
    ...stem!.map((name, layer) => spelled(`features.0.${layer}.*`, `${name}.*`)),
    ...head!.map((name, layer) => spelled(`features.${last}.${layer}.*`, `${name}.*`)),
    spelled('classifier.1.*', 'classifier.*'),
  ]
}

/** torchvision holds the MLPs as linear layers, and layer scales with two axes more. */
function convnext({ taps }: Network): Spelling[] {
  const stages = Object.keys(taps).filter((tap) => /^layer\d+$/.test(tap)).length
  const stage = (k: number): Spelling[] => {
    const [theirs, timm] = [`features.${2 * k + 1}.#`, `stages.${k}.blocks.#`]
    const layers = { 0: 'conv_dw', 2: 'norm', 3: 'mlp.fc1', 5: 'mlp.fc2' }
    return [
      spelled(`${theirs}.layer_scale`, `${timm}.gamma`, {
        torchvision: ([size = 0]) => [size, 1, 1],
        timm: ([size = 0]) => [size],
      }),
      ...Object.entries(layers).flatMap(([layer, name]) => [
        spelled(
          `${theirs}.block.${layer}.weight`,
          `${timm}.${name}.weight`,
          name.startsWith('mlp') ? { torchvision: linear } : {},
        ),
        spelled(`${theirs}.block.${layer}.bias`, `${timm}.${name}.bias`),
      ]),
      spelled(`features.${2 * k}.#.*`, k === 0 ? 'stem.#.*' : `stages.${k}.downsample.#.*`),
    ]
  }
  return [
    ...Array.from({ length: stages }, (_, k) => stage(k)).flat(),
    spelled('classifier.0.*', 'head.norm.*'),
    spelled('classifier.2.*', 'head.fc.*'),
  ]
}

const vit = (): Spelling[] => {
  const layers = {
    'ln_1.*': 'norm1.*',
    'self_attention.in_proj_*': 'attn.qkv.*',
    'self_attention.out_proj.*': 'attn.proj.*',
    'ln_2.*': 'norm2.*',
    'mlp.0.*': 'mlp.fc1.*',
    'mlp.3.*': 'mlp.fc2.*',
  }
  return [
    spelled('class_token', 'cls_token'),
    spelled('encoder.pos_embedding', 'pos_embed'),
    spelled('conv_proj.*', 'patch_embed.proj.*'),
    ...Object.entries(layers).map(([theirs, timm]) =>
      spelled(`encoder.layers.encoder_layer_#.${theirs}`, `blocks.#.${timm}`),
    ),
    spelled('encoder.ln.*', 'norm.*'),
    spelled('heads.head.*', 'head.*'),
  ]
}

const families: Readonly<Record<string, (network: Network) => Spelling[]>> = { ResNet: resnet, VGG: vgg, MobileNetV2: mobilenetV2, ConvNeXt: convnext, ViT: vit } // prettier-ignore

const matcher = (template: string): RegExp =>
  new RegExp(`^${template.replace(/\./g, '\\.').replace(/#/g, '(\\d+)').replace(/\*/g, '([^.]+)')}$`)

/** A layout under the name of a library, if one of the spellings is its name. */
function respell(layout: TorchLayout, spellings: readonly Spelling[], names: TorchNames): TorchLayout | undefined {
  const other = names === 'timm' ? 'torchvision' : 'timm'
  for (const spelling of spellings) {
    for (const own of [names, other] as const) {
      const parts = matcher(spelling[own]).exec(layout.name)?.slice(1)
      if (parts === undefined) continue
      const name = spelling[names].replace(/[#*]/g, () => parts.shift()!)
      return { ...layout, name, shape: spelling.shapes?.[names]?.(layout.shape) ?? layout.shape }
    }
  }
  return undefined
}

/**
 * Layouts under the names, and with the shapes, of one library.
 *
 * @throws GpdError `config.invalid` if that library's names of this network are not known
 */
export function respellLayouts(
  network: Network,
  layouts: ReadonlyMap<string, TorchLayout>,
  names: TorchNames,
): ReadonlyMap<string, TorchLayout> {
  for (const spellings of Object.values(families).map((family) => family(network))) {
    const respelled = [...layouts].map(([name, layout]) => [name, respell(layout, spellings, names)] as const)
    if (respelled.every((entry): entry is readonly [string, TorchLayout] => entry[1] !== undefined))
      return new Map(respelled)
  }
  throw new GpdError(
    'config.invalid',
    `names: '${names}': its names of '${network.name}' are not known.`,
    `Families with the names of both torchvision and timm: ${Object.keys(families).join(', ')}. Leave \`names\` out for the network's own.`,
  )
}
