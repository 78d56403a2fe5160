// Every op of this package: its file and its name here, that is all.
export {
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
export { selfAttention } from './attention.ts'
export { average } from './average.ts'
export { batchNorm } from './batch-norm.ts'
export { channelShuffle } from './channel-shuffle.ts'
export { channelSplit } from './channel-split.ts'
export { concatTokens } from './concat-tokens.ts'
export { conv2d } from './conv2d.ts'
export { dense } from './dense.ts'
export { depthwiseConv2d } from './depthwise-conv2d.ts'
export { dropout } from './dropout.ts'
export { embedding } from './embedding.ts'
export { fieldProducts } from './field-products.ts'
export { gate } from './gate.ts'
export { layerNorm } from './layer-norm.ts'
export { meanToken } from './mean-token.ts'
export { add, concat, multiply } from './merge-inputs.ts'
export { mixFields } from './mix-fields.ts'
export { averagePool, flatten, globalAveragePool, globalMaxPool, maxPool } from './pooling.ts'
export { prelu } from './prelu.ts'
export { relu6 } from './relu6.ts'
export { rescale } from './rescale.ts'
export { adaptiveAveragePool, resizeNearest } from './resize.ts'
export { scale } from './scale.ts'
export { sliceTokens } from './slice-tokens.ts'
export { softmax } from './softmax.ts'
export { spaceToDepth } from './space-to-depth.ts'
export { stochasticDepth } from './stochastic-depth.ts'
export { sumChannels } from './sum-channels.ts'
export { positionEmbedding, prependTokens, swapTokens, takeToken, toMap, toTokens } from './tokens.ts'
export { unitLength } from './unit-length.ts'
export { zeroPadding2d } from './zero-padding2d.ts'
