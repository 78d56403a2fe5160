import * as kinds from './options/kinds.ts'
import * as tensorOps from './tensor-ops/index.ts'

export { GpdError, isGpdError, type ErrorCode } from './errors.ts'
export { bytesOf, type Bytes } from './bytes.ts'
export { TFJS_VERSION } from './tfjs-version.ts'
export { didYouMean, nearest } from './suggest.ts'
export { namePattern, type NamePattern } from './name-pattern.ts'
export { checkArgument, fillOptions, given } from './options/fill.ts'
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
export {
  describeField,
  fieldKind,
  shapeKind,
  type EntryRule,
  type EntryRules,
  type FieldSpec,
  type Fields,
} from './fields.ts'
export { distributionKind, type Distribution, type Labels } from './labels.ts'
export { randomStream, permutation, type RandomStream } from './random/random-stream.ts'
export { stopGradient } from './tensor-ops/stop-gradient.ts'
export { valueAndGradients, denseGradients } from './tensor-ops/value-and-gradients.ts'
export { sizeOf, type Shape } from './shape.ts'
export { digestOf } from './digest.ts'
export { parseJson } from './strict-json.ts'
export { asOutOfMemory } from './out-of-memory.ts'
export { mapRecord, recordData, type TensorRecord } from './tensor-ops/tensor-record.ts'
export {
  lossKind,
  type ActorOutputs,
  type DistillationContext,
  type DistillationLoss,
  type LossSetup,
  type LossTensors,
  type PairOutputs,
} from './loss.ts'
export { sourceKind, type Batch, type BatchSource, type EpochOptions } from './batch.ts'
export {
  taskKind,
  type EvaluationOptions,
  type ExpectedField,
  type GivenRows,
  type Objective,
  type Predict,
  type Rows,
  type Task,
} from './task.ts'
export { scheduleKind, type Progress, type Schedule } from './schedule.ts'
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
} from './axes/axes.ts'
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
} from './axes/parameters.ts'
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
export { freeze, unfreeze, type FreezeOptions } from './network/freeze.ts'
export { checkModel, type Model } from './network/model.ts'
export { soleInput, soleOutput, tapNode } from './network/ends.ts'
export { apply, predict, type ApplyOptions, type ApplyResult } from './network/apply.ts'
export { checkMoments, type ComputedEnds } from './network/moments.ts'
export { widenNetwork } from './network/widen.ts'
export {
  defineOp,
  type ApplyContext,
  type InferContext,
  type Inferred,
  type Op,
  type OpCall,
  type OpDefinition,
} from './ops/op.ts'
export { registerOp, findOp, builtInOps } from './ops/registry.ts'
export * from './ops/index.ts'
export { normalize, type NormalizeOptions } from './ops/normalize.ts'
export { foldBatchNorm } from './network/fold-batch-norm.ts'
export { foldRescale } from './network/fold-rescale.ts'
export { prependOp, withLogits, withNormalization, withProbabilities } from './network/at-the-ends.ts'
export {
  runExtraKernel,
  type ExtraKernel,
  type ExtraKernels,
  extraDerivative,
  type Float32,
  extraKernelFunc,
  type ExtraRun,
} from './tensor-ops/extra-kernels.ts'
export { freeOnFailure } from './tensor-ops/free-on-failure.ts'
export { withoutTape } from './tensor-ops/without-tape.ts'
export { kinds, tensorOps }
export { accumulating, type KnownGradients } from './tensor-ops/accumulating-gradient.ts'
export { decodeCall, encodeCall, inputInList } from './tensor-ops/extra-kernel-call.ts'
export type { SelfAttentionAttributes } from './ops/attention.ts'
export type { Conv2dAttributes } from './ops/conv2d.ts'
export type { RescaleAttributes } from './ops/rescale.ts'
export type { BatchNormAttributes } from './ops/batch-norm.ts'
export { adaptiveMeans, nearestCopies } from './tensor-ops/resample.ts'
export { pairOf, tfPadding, tfSize, windowExtent, windowStrides, type Pair, type Window } from './ops/window.ts'
export type { ChannelSplitAttributes } from './ops/channel-split.ts'
