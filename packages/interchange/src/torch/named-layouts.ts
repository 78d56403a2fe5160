import { fillOptions, kinds, optional, type Given, type Network } from '@gpdjs/core'
import { torchLayouts, type TorchLayout } from './layout.ts'
import { respellLayouts, TORCH_NAMES } from './spellings.ts'

const OPTIONS = {
  /**
   * Whose names and shapes the state dict has: ResNet, VGG, MobileNetV2, ConvNeXt and ViT are known under both (default: those
   * of the network's own nodes, which the README lists).
   */
  names: optional(kinds.oneOf(...TORCH_NAMES)),
}

export type TorchOptions = Given<typeof OPTIONS>

/** Where each tensor of a network stands in a state dict with the names of a library, or with its own. */
export function namedLayouts(where: string, network: Network, options: TorchOptions): ReadonlyMap<string, TorchLayout> {
  const { names } = fillOptions(where, OPTIONS, options)
  const own = torchLayouts(network)
  return names === undefined ? own : respellLayouts(network, own, names)
}
