import type { Network } from '@gpdjs/core'
import { checkOptions, switchRule } from './options.ts'
import {
  visionTransformer,
  visionTransformerRules,
  type VisionTransformerNames,
  type VisionTransformerOptions,
} from './vision-transformer.ts'

export interface DeitOptions extends VisionTransformerOptions {
  /** A distillation token with a head of its own; the logits are the mean of both heads'. Default false. */
  readonly distilled?: boolean
}

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

const rules = {
  ...visionTransformerRules,
  distilled: switchRule,
}

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
  checkOptions('deit', rules, options)
  const { width = 192, inputShape = [224, 224, 3], patchSize = 16, depth = 12, heads = 3 } = options
  const { mlpWidth = 4 * width, dropout = 0, dropPath = 0, classes, distilled = false } = options
  const sizes = { classes, inputShape, patchSize, depth, width, heads, mlpWidth, dropout, dropPath }
  return visionTransformer(distilled ? 'deit-distilled' : 'deit', sizes, distilled ? DISTILLED : NAMES)
}
