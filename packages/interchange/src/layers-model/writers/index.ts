// How each op is written as Keras layers, by the name of the op. An op that is not here is refused by name.
export { selfAttention } from './attention.ts'
export { convolution as conv2d, dense, depthwiseConvolution as depthwiseConv2d } from './convolution.ts'
export {
  sum as add,
  mean as average,
  concatenation as concat,
  dropout,
  exponential as elu,
  gelu,
  geluTanh,
  hardSigmoid,
  leakyRectifier as leakyRelu,
  mish,
  product as gate,
  product as multiply,
  rectifier as relu,
  rectifier6 as relu6,
  selu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  identity as stochasticDepth,
  swish,
  tanh,
} from './elementwise.ts'
export {
  batchNormalization as batchNorm,
  layerNormalization as layerNorm,
  rescaling as rescale,
} from './normalization.ts'
export { hardSwish, parametricRectifier as prelu, scale } from './per-channel.ts'
export {
  adaptiveAveragePooling as adaptiveAveragePool,
  averagePooling as averagePool,
  globalAveragePooling as globalAveragePool,
  globalMaxPooling as globalMaxPool,
  maxPooling as maxPool,
  meanOverTokens as meanToken,
  nearestResizing as resizeNearest,
  zeroPadding as zeroPadding2d,
} from './pooling.ts'
export { channelShuffle, channelSplit, flatten, swapTokens, reshape as toMap, reshape as toTokens } from './shape.ts'
export { positionEmbedding, prependTokens, takeToken } from './tokens.ts'
