import * as tf from '@tensorflow/tfjs';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
/** Everything that changes during training. */
export interface TrainingState {
    /** Steps taken. */
    readonly step: number;
    readonly trainables: Record<string, tf.Tensor>;
    /** The optimizer's memory. */
    readonly slots: Record<string, tf.Tensor>;
    /** Batch-norm moments, `<actor>/<statistic>`. */
    readonly statistics: Record<string, tf.Tensor>;
    /** State of plugins, `<state>/<tensor>`. */
    readonly extra: Record<string, tf.Tensor>;
}
/** One batch on the device. */
export interface TrainingBatch {
    /** Images `[batch, height, width, channels]` */
    readonly xs: tf.Tensor;
    /** Class indices, int32 `[batch]` */
    readonly ys: tf.Tensor1D;
    /** Positions of the images in the training set, int32 `[batch]`, for losses that remember images. */
    readonly index?: tf.Tensor1D;
    /** Logits of frozen actors that need not run, `[batch, classes]`, by actor. */
    readonly logits?: Readonly<Record<string, tf.Tensor2D>>;
}
/** Numbers of this step that are decided outside of it. */
export interface StepScalars {
    readonly learningRate: number;
    /** Weight of every loss term, by name. */
    readonly weights: Readonly<Record<string, number>>;
}
/** Scalars on the device: `loss`, each unweighted term by name, `gradient-norm` before clipping, `<actor>/accuracy`. */
export type StepMetrics = Record<string, tf.Tensor>;
interface Pass {
    readonly gradients: Record<string, tf.Tensor>;
    readonly statistics: Record<string, tf.Tensor>;
    readonly metrics: StepMetrics;
}
/** Where training begins. Takes over the pipeline's initial tensors. */
export declare function initialState({ initial, states }: Pipeline, optimizer: Optimizer): TrainingState;
/** Loss, gradients and new statistics of one (micro-)batch. Nothing is updated. */
export declare function gradientPass(pipeline: Pipeline, { trainables, statistics, step }: Pick<TrainingState, 'trainables' | 'statistics' | 'step'>, batch: TrainingBatch, weights: StepScalars['weights'], microBatch?: number): Pass;
/**
 * One step: a pure function from a state to the next one. Nothing is read back to JavaScript, and the old state is
 * left untouched (dispose it with `disposeReplaced` once the step is accepted).
 *
 * @param batches one batch, or several whose mean gradient makes one update
 */
export declare function trainingStep(pipeline: Pipeline, optimizer: Optimizer, state: TrainingState, batches: readonly TrainingBatch[], { learningRate, weights }: StepScalars): {
    state: TrainingState;
    metrics: StepMetrics;
};
/** Frees what a state holds, except tensors that `successor` still uses. */
export declare function disposeReplaced(state: TrainingState, successor?: TrainingState): void;
export {};
//# sourceMappingURL=step.d.ts.map