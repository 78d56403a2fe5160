import type { StepMetrics } from '../step.ts';
/** Reads all scalars of a step in one transfer, without blocking, and disposes of them. */
export declare function readMetrics(metrics: StepMetrics): Promise<Record<string, number>>;
/** Lets timers, signals and other work run: a loop that only awaits tensors would starve them. */
export declare const nextTurn: () => Promise<void>;
//# sourceMappingURL=read-metrics.d.ts.map