import type { LayerWriter } from '../writer.ts'
import { convolution, dense, depthwiseConvolution } from './convolution.ts'
import { concatenation, dropout, gelu, identity, mean, product, rectifier, rectifier6, sum } from './elementwise.ts'
import { batchNormalization, layerNormalization } from './normalization.ts'
import { hardSwish, scale } from './per-channel.ts'
import {
  adaptiveAveragePooling,
  averagePooling,
  globalAveragePooling,
  maxPooling,
  meanOverTokens,
  zeroPadding,
} from './pooling.ts'
import { channelShuffle, flatten, reshape, swapTokens } from './shape.ts'

/** Ops and how each is written as Keras layers. An op without a line here is refused by name. */
export const writers: Readonly<Record<string, LayerWriter>> = {
  adaptiveAveragePool: adaptiveAveragePooling,
  add: sum,
  average: mean,
  averagePool: averagePooling,
  batchNorm: batchNormalization,
  channelShuffle,
  concat: concatenation,
  conv2d: convolution,
  dense,
  depthwiseConv2d: depthwiseConvolution,
  dropout,
  flatten,
  gelu,
  globalAveragePool: globalAveragePooling,
  hardSwish,
  layerNorm: layerNormalization,
  maxPool: maxPooling,
  meanToken: meanOverTokens,
  multiply: product,
  relu: rectifier,
  relu6: rectifier6,
  scale,
  stochasticDepth: identity,
  swapTokens,
  toMap: reshape,
  toTokens: reshape,
  zeroPadding2d: zeroPadding,
}
