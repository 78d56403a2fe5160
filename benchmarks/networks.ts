/** A network that is measured and its batch. No tensors here: the process that only compares numbers stays small. */
export type Size = ResnetSize | VitSize

export interface ResnetSize {
  readonly kind: 'resnet'
  /** Channels of the first stage. */
  readonly width: number
  /** Blocks of each stage. */
  readonly blocks: readonly number[]
  /** `[height, width, channels]` */
  readonly inputShape: readonly number[]
  readonly batch: number
}

export interface VitSize {
  readonly kind: 'vit'
  readonly width: number
  readonly depth: number
  readonly heads: number
  readonly patchSize: number
  readonly inputShape: readonly number[]
  readonly batch: number
}

const CIFAR = [32, 32, 3]

/** The networks that the project is measured on. */
export const NETWORKS = {
  A: { kind: 'resnet', width: 16, blocks: [3, 3, 3], inputShape: CIFAR, batch: 64 },
  B: { kind: 'resnet', width: 32, blocks: [2, 2, 2, 2], inputShape: CIFAR, batch: 64 },
  C: { kind: 'resnet', width: 64, blocks: [2, 2, 2, 2], inputShape: CIFAR, batch: 32 },
  D: { kind: 'resnet', width: 16, blocks: [1, 1, 1], inputShape: [28, 28, 1], batch: 64 },
  E: { kind: 'vit', width: 128, depth: 6, heads: 4, patchSize: 4, inputShape: CIFAR, batch: 64 },
} as const satisfies Record<string, Size>

export type NetworkName = keyof typeof NETWORKS

export const networkNames = Object.keys(NETWORKS) as NetworkName[]

/** What is trained: the student alone, or beside a dynamic teacher. The same names in TypeScript and in Python. */
export type ArmName = 'plain' | 'gpd'

const shape = (inputShape: readonly number[]) => inputShape.join('×')

/** What a network is, for people. */
export function describeNetwork(size: Size): string {
  const images = `${shape(size.inputShape)} images, batch ${size.batch}`
  return size.kind === 'resnet'
    ? `ResNet of width ${size.width}, blocks [${size.blocks.join(', ')}], ${images}`
    : `ViT of width ${size.width}, depth ${size.depth}, patches of ${size.patchSize}, ${images}`
}
