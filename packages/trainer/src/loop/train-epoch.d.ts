import type { Optimizer } from '../optimizers/optimizer.ts';
import type { BatchSource } from '../data/batch-source.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { type TrainingState } from '../step.ts';
import type { Callbacks } from './callbacks.ts';
import type { LogitsCache } from './logits-cache.ts';
/** What stays the same through a run. */
export interface TrainingLoop {
    readonly pipeline: Pipeline;
    readonly optimizer: Optimizer;
    readonly source: BatchSource;
    readonly caches: ReadonlyMap<string, LogitsCache>;
    readonly batchSize: number;
    /** Batches whose mean gradient makes one step. */
    readonly accumulate: number;
    /** Length that schedules are stretched over. */
    readonly totalSteps: number;
    /** Where to stop, if earlier. */
    readonly lastStep: number;
    readonly seed: number;
    readonly callbacks: Required<Callbacks>;
    readonly signal: AbortSignal | undefined;
}
export type Outcome = 'completed' | 'stopped' | 'aborted' | 'diverged';
export interface EpochResult {
    readonly state: TrainingState;
    readonly logs: Record<string, number>;
    /** `completed`: the epoch is over; anything else: training is. */
    readonly outcome: Outcome;
    /** Which numbers were not finite, where training diverged. */
    readonly problem?: string;
}
/** One pass over the data. The state that goes in is disposed of, except where the one that comes out is the same. */
export declare function trainEpoch(loop: TrainingLoop, start: TrainingState, epoch: number): Promise<EpochResult>;
//# sourceMappingURL=train-epoch.d.ts.map