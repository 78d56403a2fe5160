// How each op is written in ONNX, by the name of the op. An op that is not here is refused by name.
export { channelShuffle, channelSplit, concatenation as concat, spaceToDepth } from './channels.ts'
export {
  sum as add,
  mean as average,
  identity as dropout,
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSwish,
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
export { convolution as conv2d, dense, depthwiseConvolution as depthwiseConv2d } from './linear.ts'
export {
  batchNormalization as batchNorm,
  layerNormalization as layerNorm,
  parametricRectifier as prelu,
  rescaling as rescale,
  scale,
} from './normalization.ts'
export {
  adaptiveAveragePooling as adaptiveAveragePool,
  averagePooling as averagePool,
  globalAveragePooling as globalAveragePool,
  globalMaxPooling as globalMaxPool,
  maxPooling as maxPool,
  nearestResizing as resizeNearest,
  zeroPadding as zeroPadding2d,
} from './pooling.ts'
export {
  concatTokens,
  flatten,
  meanToken,
  positionEmbedding,
  prependTokens,
  selfAttention,
  sliceTokens,
  swapTokens,
  takeToken,
  toMap,
  toTokens,
} from './tokens.ts'
