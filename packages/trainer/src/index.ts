export { distill } from './distill.ts'
export {
  DISTILL_OPTIONS,
  DIVERGENCE_OPTIONS,
  RESUME_OPTIONS,
  type DistillOptions,
  type DivergencePolicy,
  type ResumeOptions,
} from './distill-options.ts'
export type { DistillResult } from './distill-result.ts'
export type { EpochRecord, RefusedStep } from './loop/progress.ts'
export { classMeans, type ClassMeansOptions } from './class-means.ts'
export { evaluate, type EvaluateOptions } from './evaluate.ts'
export { extractActor } from './extract.ts'
export { classification, CLASSIFICATION_OPTIONS, type ClassificationOptions } from './tasks/classification.ts'
export { multiLabel, MULTI_LABEL_OPTIONS, type MultiLabelOptions } from './tasks/multi-label.ts'
export type { GivenData } from './given-data.ts'
export type { GivenModel } from './given-model.ts'
export { meanOverSet } from './tasks/mean-over-set.ts'
export { asPublished } from './plugins/as-published.ts'
export {
  staticTeacher,
  STATIC_TEACHER_OPTIONS,
  type StaticTeacherOptions,
  type WeightedLoss,
} from './plugins/static-teacher.ts'
export { dynamicTeacher, DYNAMIC_TEACHER_OPTIONS, type DynamicTeacherOptions } from './plugins/dynamic-teacher.ts'
export { ema, EMA_OPTIONS, type EmaOptions } from './plugins/ema.ts'
export { sgd, SGD_OPTIONS, type SgdOptions } from './optimizers/sgd.ts'
export { adamw, ADAMW_OPTIONS, type AdamwOptions } from './optimizers/adamw.ts'
export { adam, ADAM_OPTIONS, type AdamOptions } from './optimizers/adam.ts'
export { adamax, ADAMAX_OPTIONS, type AdamaxOptions } from './optimizers/adamax.ts'
export { adagrad, ADAGRAD_OPTIONS, type AdagradOptions } from './optimizers/adagrad.ts'
export { rmsprop, RMSPROP_OPTIONS, type RmspropOptions } from './optimizers/rmsprop.ts'
export type { OptimizerName } from './optimizers/given.ts'
export { chain } from './optimizers/chain.ts'
export { clip } from './optimizers/clip.ts'
export { partition, type TensorGroup } from './optimizers/partition.ts'
export { frozen } from './optimizers/frozen.ts'
export { globalNorm, gradientsOf, scaledGradients, type Gradients } from './optimizers/gradients.ts'
export type { GradientTransform, Optimizer, TrainableSpec, UpdateContext, Updated } from './optimizers/optimizer.ts'
export {
  cosine,
  COSINE_OPTIONS,
  linear,
  multiStep,
  MULTI_STEP_OPTIONS,
  stepDecay,
  STEP_DECAY_OPTIONS,
  valueAt,
  warmUp,
  warmUpFromOne,
  warmUpFromZero,
  type EpochWarmUpOptions,
} from './schedule.ts'
export {
  checkpoints,
  CHECKPOINT_INTERVALS,
  CHECKPOINTS_OPTIONS,
  type CheckpointsOptions,
} from './checkpoints/checkpoints.ts'
export { metricsFile } from './loop/metrics-file.ts'
export {
  combineCallbacks,
  type Callbacks,
  type Logs,
  type RunHandle,
  type Snapshot,
  type TrainInfo,
} from './callbacks.ts'
export type { Best } from './loop/best-epoch.ts'
export type { Outcome } from './loop/train-epoch.ts'
export type { Actor } from './pipeline/actor.ts'
export type { Pass } from './pipeline/pass.ts'
export { distillationTerm, type EdgeOptions, type EdgeViews } from './pipeline/edge.ts'
export { type LossTerm, type Outputs, type PassOutputs, type TermContext } from './pipeline/term.ts'
export type { MadeView, ViewContext, ViewMoments } from './pipeline/view.ts'
export type { Plugin, PluginOption, PluginState, RunSetup, TensorStore, Trained } from './pipeline/plugin.ts'
export { buildPipeline, STUDENT, type Pipeline, type PipelineOptions } from './pipeline/pipeline.ts'
export { inScope, scopeOf } from './scope.ts'
export {
  gradientPass,
  type GradientPass,
  type GradientPassOptions,
  type StepMetrics,
  type TrainingBatch,
} from './gradient-pass.ts'
export { disposeReplaced, initialState, type TrainingState } from './training-state.ts'
export type { StepScalars } from './step-scalars.ts'
export { trainingStep } from './step.ts'
