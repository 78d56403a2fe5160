import { fillOptions, type Network } from '@gpdjs/core'
import {
  visionTransformer,
  VISION_TRANSFORMER,
  type VisionTransformerNames,
  type VisionTransformerOptions,
} from './vision-transformer.ts'

/** torchvision's names. */
const NAMES: VisionTransformerNames = {
  patches: 'conv_proj',
  classToken: 'class_token',
  positions: 'encoder.pos_embedding',
  block: (index) => `encoder.layers.encoder_layer_${index}`,
  blocks: {
    norm1: 'ln_1',
    qkv: 'self_attention.in_proj',
    projection: 'self_attention.out_proj',
    norm2: 'ln_2',
    hidden: 'mlp.0',
    output: 'mlp.3',
  },
  norm: 'encoder.ln',
  head: 'heads.head',
}

/**
 * The Vision Transformer, layer by layer as in torchvision, with its parameter names. The defaults are ViT-B/16.
 *
 * Taps: `block1` … behind each block and `layer1` … `layer4` behind each quarter of them, `[1 + patches, width]`;
 * `pool`, the normalized class token.
 *
 * @throws GpdError `config.invalid`, `config.missing` or `config.unknown-key`, naming the option
 * @example const student = vit({ classes: 10, inputShape: [32, 32, 3], patchSize: 4, depth: 6, width: 192, heads: 3 })
 * @see Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021
 */
export function vit(options: VisionTransformerOptions): Network {
  return visionTransformer('vit', fillOptions('vit', VISION_TRANSFORMER, options), NAMES)
}
