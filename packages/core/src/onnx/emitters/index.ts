import type { Emitter } from '../emitter.ts'
import { channelShuffle, channelSplit, concatenation } from './channels.ts'
import { gelu, hardSwish, identity, mean, product, rectifier, rectifier6, sum } from './elementwise.ts'
import { convolution, dense, depthwiseConvolution } from './linear.ts'
import { batchNormalization, layerNormalization, scale } from './normalization.ts'
import { adaptiveAveragePooling, averagePooling, globalAveragePooling, maxPooling, zeroPadding } from './pooling.ts'
import {
  flatten,
  meanToken,
  positionEmbedding,
  prependTokens,
  selfAttention,
  swapTokens,
  takeToken,
  toMap,
  toTokens,
} from './tokens.ts'

/** Ops and how each is written in ONNX. An op without a line here is refused by name. */
export const emitters: Readonly<Record<string, Emitter>> = {
  adaptiveAveragePool: adaptiveAveragePooling,
  add: sum,
  average: mean,
  averagePool: averagePooling,
  batchNorm: batchNormalization,
  channelShuffle,
  channelSplit,
  concat: concatenation,
  conv2d: convolution,
  dense,
  depthwiseConv2d: depthwiseConvolution,
  dropout: identity,
  flatten,
  gelu,
  globalAveragePool: globalAveragePooling,
  hardSwish,
  layerNorm: layerNormalization,
  maxPool: maxPooling,
  meanToken,
  multiply: product,
  positionEmbedding,
  prependTokens,
  relu: rectifier,
  relu6: rectifier6,
  scale,
  selfAttention,
  stochasticDepth: identity,
  swapTokens,
  takeToken,
  toMap,
  toTokens,
  zeroPadding2d: zeroPadding,
}
