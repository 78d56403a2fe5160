import type * as tf from '@tensorflow/tfjs';
import type { TensorRecord } from '@gpdjs/core';
import type { Schedule } from '../schedule.ts';
/** What an optimizer needs to know of a tensor beyond its value. */
export interface TrainableSpec {
    readonly shape: readonly number[];
    /** Whether weight decay acts on it when the optimizer exempts norms, biases and gates. */
    readonly decay: boolean;
}
export interface UpdateContext {
    readonly gradients: TensorRecord;
    readonly trainables: TensorRecord;
    /** What `init` made, as it was after the last update. */
    readonly slots: TensorRecord;
    readonly specs: Readonly<Record<string, TrainableSpec>>;
    readonly learningRate: number;
    /** Updates already made: 0 for the first. */
    readonly step: number;
}
/**
 * The mathematics of an optimizer. Everything is keyed by parameter name, so that freezing, adding or reordering
 * parameters cannot mix up momenta. Pure: returns new tensors and leaves its inputs alone.
 */
export interface Optimizer {
    readonly name: string;
    readonly learningRate: Schedule;
    /** Gradients are scaled down to this norm (over all of them together) before the update; `Infinity` for never. */
    readonly clipGlobalNorm: number;
    init(trainables: TensorRecord): Record<string, tf.Tensor>;
    update(context: UpdateContext): {
        trainables: Record<string, tf.Tensor>;
        slots: Record<string, tf.Tensor>;
    };
}
export interface OptimizerOptions {
    readonly learningRate: Schedule;
    /** Default `Infinity`. */
    readonly clipGlobalNorm?: number;
    /** Which tensors decay: `weights` leaves out norms, biases and gates; `all` is what the authors do. Default `weights`. */
    readonly decay?: 'weights' | 'all';
}
//# sourceMappingURL=optimizer.d.ts.map