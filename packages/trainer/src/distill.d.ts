import { type Network, type TensorRecord } from '@gpdjs/core';
import type { BatchSource } from './data/batch-source.ts';
import { type ExtractedNetwork } from './extract.ts';
import { type Callbacks, type Logs } from './loop/callbacks.ts';
import { type Outcome } from './loop/train-epoch.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { PluginOption } from './pipeline/plugin.ts';
import type { Schedule } from './schedule.ts';
export interface DistillOptions {
    readonly student: Network;
    /** Weights to begin with (fine-tuning). Copied. Default: drawn from the seed. */
    readonly parameters?: TensorRecord;
    /** Batch-norm moments to begin with. Default mean 0, variance 1. */
    readonly statistics?: TensorRecord;
    /** `validation` is what epochs are judged by; without it only training numbers are logged. */
    readonly data: {
        readonly train: BatchSource;
        readonly validation?: BatchSource;
    };
    readonly optimizer: Optimizer;
    readonly epochs: number;
    /** Images per batch. Default 64. */
    readonly batchSize?: number;
    /** Batches whose mean gradient makes one step. Default 1. */
    readonly accumulate?: number;
    /** The parts of the method: `staticTeacher(…)`, `dynamicTeacher(…)`, `ema(…)`, or one's own. */
    readonly plugins?: PluginOption;
    /** Weight of the cross-entropy with the labels, for every learner. 0 for pure distillation. Default 1. */
    readonly labelWeight?: Schedule;
    /** Default 42. */
    readonly seed?: number;
    /** Stop after this many steps, with schedules as for the whole run. */
    readonly maxSteps?: number;
    /** Evaluate every so many epochs (and after the last). Default 1. */
    readonly evaluateEvery?: number;
    readonly callbacks?: Callbacks | readonly Callbacks[];
    /** Training stops after the step during which it is aborted; the result is what was reached. */
    readonly signal?: AbortSignal;
}
/** What an epoch brought. */
export interface EpochRecord {
    readonly epoch: number;
    readonly logs: Logs;
}
export interface DistillResult {
    /** The student after the last step, as a plain network. */
    readonly student: ExtractedNetwork;
    /** The student after the epoch with the best validation accuracy. Absent without a validation set. */
    readonly best?: {
        readonly epoch: number;
        readonly accuracy: number;
        readonly student: ExtractedNetwork;
    };
    /** Every trained actor after the last step, the student included. */
    readonly learners: Readonly<Record<string, ExtractedNetwork>>;
    /** The student by each plugin's averages: `ema`. */
    readonly alternatives: Readonly<Record<string, ExtractedNetwork>>;
    readonly history: readonly EpochRecord[];
    readonly steps: number;
    readonly seconds: number;
    /** `diverged`: a loss or gradient stopped being finite; everything above is from before that step. */
    readonly outcome: Outcome;
    readonly problem?: string;
    /** Frees all tensors of this result. */
    dispose(): void;
}
/**
 * Trains a student: on labels, by static teachers, beside a dynamic teacher, or any mix of them, as the plugins say.
 *
 * @throws GpdError `config.invalid`, `data.mismatch`, `plugin.invalid`, `checkpoint.incompatible`: before anything is trained
 * @example
 * const run = await distill({
 *   student: resnet({ depth: 20, classes: 10 }),
 *   data: { train, validation },
 *   optimizer: sgd({ learningRate: cosine(0.1), momentum: 0.9, weightDecay: 1e-4, clipGlobalNorm: 5 }),
 *   epochs: 10,
 *   plugins: [
 *     staticTeacher({ ...teacher, loss: dkd({ alpha: 1, beta: 0.5, temperature: 1 }) }),
 *     dynamicTeacher({ expansion: inverseReparameterization({ ratio: 2, branches: orepa() }) }),
 *   ],
 * })
 */
export declare function distill(options: DistillOptions): Promise<DistillResult>;
//# sourceMappingURL=distill.d.ts.map