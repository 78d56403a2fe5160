import { fillOptions, kinds, option, type Given, type Network } from '@gpdjs/core'
import { visionTransformer, VISION_TRANSFORMER, type VisionTransformerNames } from './vision-transformer.ts'

/** timm's names. */
const NAMES: VisionTransformerNames = {
  patches: 'patch_embed.proj',
  classToken: 'cls_token',
  positions: 'pos_embed',
  block: (index) => `blocks.${index}`,
  blocks: {
    norm1: 'norm1',
    qkv: 'attn.qkv',
    projection: 'attn.proj',
    norm2: 'norm2',
    hidden: 'mlp.fc1',
    output: 'mlp.fc2',
  },
  norm: 'norm',
  head: 'head',
}

const DISTILLED: VisionTransformerNames = { ...NAMES, distillation: { token: 'dist_token', head: 'head_dist' } }

const OPTIONS = {
  ...VISION_TRANSFORMER,
  /** Channels of a token, a multiple of `heads` (default 192). */
  width: option(kinds.count, 192),
  /** Attention heads of each block (default 3). */
  heads: option(kinds.count, 3),
  /** A distillation token with a head of its own; the logits are the mean of both heads' (default false). */
  distilled: option(kinds.flag, false),
}

export type DeitOptions = Given<typeof OPTIONS>

/**
 * DeiT: the Vision Transformer with timm's parameter names and, if asked for, a distillation token. The defaults are
 * DeiT-Ti.
 *
 * Taps: those of `vit`; with a distillation token also `pool.distillation`, `head` and `head.distillation` (the logits of
 * each head).
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = deit({ classes: 1000, distilled: true })
 * @see Touvron et al., "Training data-efficient image transformers & distillation through attention", 2021
 */
export function deit(options: DeitOptions): Network {
  const { distilled, ...filled } = fillOptions('deit', OPTIONS, options)
  return visionTransformer(distilled ? 'deit-distilled' : 'deit', filled, distilled ? DISTILLED : NAMES)
}
