import * as kinds from './options/kinds.ts'
import * as tensorOps from './tensor-ops/index.ts'

export { GpdError, isGpdError, type ErrorCode } from './errors.ts'
export { didYouMean, nearest } from './suggest.ts'
export { fillOptions, given } from './options/fill.ts'
export {
  needed,
  option,
  optional,
  pickOptions,
  type Filled,
  type Given,
  type Kind,
  type Option,
  type OptionTable,
} from './options/option.ts'
export { isRecord, show } from './options/show.ts'
export { describeField, type FieldSpec, type Fields } from './fields.ts'
export { randomStream, permutation, type RandomStream } from './random/random-stream.ts'
export { stopGradient } from './tensor-ops/stop-gradient.ts'
export { valueAndGradients, denseGradients } from './tensor-ops/value-and-gradients.ts'
export { mapRecord, keepRecord, disposeRecord, recordData, type TensorRecord } from './tensor-ops/tensor-record.ts'
export type {
  ActorOutputs,
  DistillationContext,
  DistillationLoss,
  LossSetup,
  LossTensors,
  PairOutputs,
} from './loss.ts'
export type { Batch, BatchSource, EpochOptions } from './batch.ts'
export type { ExpectedField, Objective, Predict, Rows, Task } from './task.ts'
export type { Progress, Schedule } from './schedule.ts'
export {
  fixedAxis,
  inputAxis,
  outputAxis,
  channelAxis,
  layoutSize,
  axisSize,
  isPlainAxis,
  segmentRatio,
  widenAxis,
  roleRatio,
  type Axis,
  type AxisRole,
  type AxisSegment,
  type ChannelLayout,
  type GroupRatios,
} from './network/axes.ts'
export {
  initializeParameters,
  initializeStatistics,
  countParameters,
  axesShape,
  heNormal,
  fanInUniform,
  zeros,
  ones,
  identity,
  type Initializer,
  type ParameterSpec,
  type StatisticSpec,
} from './network/parameters.ts'
export { graph, type Graph } from './network/graph.ts'
export {
  countMultiplyAdds,
  defineNetwork,
  IMAGE,
  LOGITS,
  type Network,
  type NetworkDefinition,
  type NetworkNode,
} from './network/network.ts'
export { networkDefinition, parseNetwork } from './network/saved-network.ts'
export type { Model } from './network/model.ts'
export { soleInput, soleOutput } from './network/ends.ts'
export { apply, predict, tapNode, type ApplyOptions, type ApplyResult } from './network/apply.ts'
export { widenNetwork } from './network/widen.ts'
export {
  defineOp,
  type ApplyContext,
  type InferContext,
  type Inferred,
  type Op,
  type OpCall,
  type OpDefinition,
  type Shape,
} from './ops/op.ts'
export { findOp, registerOp } from './ops/registry.ts'
export {
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
} from './ops/index.ts'
export {
  mergeBranches,
  storageScale,
  studentScale,
  type BranchMerge,
  type Expansion,
  type Parameterization,
  type StoredParameter,
} from './expansion/expansion.ts'
export { readModelArtifacts, type ReadModelOptions } from './layers-model/model-artifacts.ts'
export { decodeSafetensors } from './safetensors/decode.ts'
export { encodeSafetensors, type EncodableTensor } from './safetensors/encode.ts'
export type { SafeTensor } from './safetensors/element-types.ts'
export { fromLayersModel, type FromLayersModelOptions } from './layers-model/from-layers-model.ts'
export { toLayersModel } from './layers-model/to-layers-model.ts'
export { foldBatchNorm } from './onnx/fold-batch-norm.ts'
export { toOnnx, type OnnxOptions } from './onnx/to-onnx.ts'
export {
  backendNames,
  useBackend,
  type BackendAdapter,
  type BackendChoice,
  type BackendName,
  type BackendOptions,
  type BackendReport,
  type FailedBackend,
  type LoadedBackend,
} from './backends/index.ts'
export { repairGradients } from './kernels/gradients/index.ts'
export { runExtraKernel, type ExtraKernel } from './kernels/extra-kernels.ts'
export { withoutTape } from './tensor-ops/without-tape.ts'
export { kinds, tensorOps }
