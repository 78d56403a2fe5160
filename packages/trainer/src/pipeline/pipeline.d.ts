import * as tf from '@tensorflow/tfjs';
import { type Network, type TensorRecord } from '@gpdjs/core';
import type { TrainableSpec } from '../optimizers/optimizer.ts';
import type { Actor } from './actor.ts';
import { type PluginOption, type RunState } from './plugin.ts';
import { type LossTerm } from './term.ts';
export declare const STUDENT = "student";
/** A run put together: who looks at a batch, what is minimized, what is trained. Plain data and pure functions. */
export interface Pipeline {
    readonly seed: number;
    readonly actors: readonly Actor[];
    readonly terms: readonly LossTerm[];
    readonly states: readonly RunState[];
    /** What the optimizer knows of each trained tensor. */
    readonly specs: Readonly<Record<string, TrainableSpec>>;
    /** Tensors that views read but nobody trains. */
    readonly constants: Record<string, tf.Tensor>;
    /** Where training begins; owned by the pipeline until `initialState` hands it over. */
    readonly initial: {
        readonly trainables: Record<string, tf.Tensor>;
        readonly statistics: Record<string, tf.Tensor>;
    };
}
export interface PipelineOptions {
    readonly student: Network;
    /** Given weights (fine-tuning). Copied. Default: drawn from the seed. */
    readonly parameters?: TensorRecord;
    readonly statistics?: TensorRecord;
    readonly plugins?: PluginOption;
    /** Terms on the labels, one for each learner. */
    readonly taskTerm: (learner: string) => LossTerm | undefined;
    readonly seed: number;
    /** Number of training images; losses with a memory of them want to know. Default 0. */
    readonly samples?: number;
}
/**
 * Puts a run together: the student, then every plugin's actors, then every plugin's loss terms.
 *
 * @throws GpdError `plugin.invalid`, `data.mismatch` (class counts), `checkpoint.incompatible` (given weights)
 */
export declare function buildPipeline(options: PipelineOptions): Pipeline;
//# sourceMappingURL=pipeline.d.ts.map