import {
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  relu,
  selu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
} from './activations.ts'
import { selfAttention } from './attention.ts'
import { average } from './average.ts'
import { batchNorm, batchNormFusions } from './batch-norm.ts'
import { channelShuffle } from './channel-shuffle.ts'
import { channelSplit } from './channel-split.ts'
import { concatTokens } from './concat-tokens.ts'
import { conv2d } from './conv2d.ts'
import { dense } from './dense.ts'
import { depthwiseConv2d } from './depthwise-conv2d.ts'
import { dropout } from './dropout.ts'
import { embedding } from './embedding.ts'
import { fieldProducts } from './field-products.ts'
import { gate } from './gate.ts'
import { layerNorm } from './layer-norm.ts'
import { add, concat, multiply } from './merge-inputs.ts'
import { meanToken } from './mean-token.ts'
import { mixFields } from './mix-fields.ts'
import { averagePool, flatten, globalAveragePool, maxPool } from './pooling.ts'
import { relu6 } from './relu6.ts'
import { rescale } from './rescale.ts'
import { adaptiveAveragePool, resizeNearest } from './resize.ts'
import { scale } from './scale.ts'
import { sliceTokens } from './slice-tokens.ts'
import { spaceToDepth } from './space-to-depth.ts'
import { stochasticDepth } from './stochastic-depth.ts'
import type { Fusion } from './op.ts'
import { sumChannels } from './sum-channels.ts'
import { positionEmbedding, prependTokens, swapTokens, takeToken, toMap, toTokens } from './tokens.ts'
import { unitLength } from './unit-length.ts'
import { zeroPadding2d } from './zero-padding2d.ts'

// One line per op here, and one name in the list: that is all a new op needs besides its own file.
export const builtInOps = [
  adaptiveAveragePool,
  add,
  average,
  averagePool,
  batchNorm,
  channelShuffle,
  channelSplit,
  concat,
  concatTokens,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  embedding,
  fieldProducts,
  flatten,
  gate,
  gelu,
  geluTanh,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  layerNorm,
  leakyRelu,
  maxPool,
  meanToken,
  mish,
  mixFields,
  multiply,
  positionEmbedding,
  prependTokens,
  relu,
  relu6,
  rescale,
  resizeNearest,
  scale,
  selfAttention,
  selu,
  sigmoid,
  sliceTokens,
  softplus,
  softsign,
  spaceToDepth,
  stochasticDepth,
  sumChannels,
  swapTokens,
  swish,
  takeToken,
  tanh,
  toMap,
  toTokens,
  unitLength,
  zeroPadding2d,
] as const

/** The longer ones first. */
export const fusions: readonly Fusion[] = [...batchNormFusions]

export { add, averagePool, batchNorm, concat, conv2d, dense, depthwiseConv2d, dropout, flatten, gelu }
export { globalAveragePool, hardSwish, layerNorm, maxPool, multiply, relu }
export {
  meanToken,
  positionEmbedding,
  prependTokens,
  scale,
  selfAttention,
  stochasticDepth,
  swapTokens,
  takeToken,
  toMap,
  toTokens,
}
export { adaptiveAveragePool, average, channelShuffle, channelSplit, relu6, zeroPadding2d }
export { gate, resizeNearest, sliceTokens, spaceToDepth }
export { elu, geluTanh, hardSigmoid, leakyRelu, mish, selu, sigmoid, softplus, softsign, swish, tanh }
export { concatTokens, embedding, fieldProducts, mixFields, rescale, sumChannels, unitLength }
