/** Where a run stands. */
export interface Progress {
    /** Steps already taken: 0 for the first. */
    readonly step: number;
    /** Steps of the whole run. */
    readonly totalSteps: number;
}
/** A number that may change during training: a learning rate, the weight of a loss. */
export type Schedule = number | ((progress: Progress) => number);
/** The value of a schedule now. */
export declare const valueAt: (schedule: Schedule, progress: Progress) => number;
/**
 * Half a cosine from `start` down to `end`: `end + (start − end)(1 + cos(π t)) / 2` with `t` from 0 to 1.
 *
 * @see Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017
 */
export declare function cosine(start: number, options?: {
    readonly end?: number;
}): Schedule;
/**
 * Multiplied by `factor` at every milestone.
 *
 * @param options.milestones shares of the run, each in (0, 1): `[0.3, 0.6, 0.9]`
 * @param options.factor default 0.1
 */
export declare function multiStep(start: number, options: {
    readonly milestones: readonly number[];
    readonly factor?: number;
}): Schedule;
/** Multiplied by `factor` each time another `every` (a share of the run) has passed. */
export declare function stepDecay(start: number, options: {
    readonly every: number;
    readonly factor?: number;
}): Schedule;
/** A straight line from `start` to `end` over the whole run. */
export declare const linear: (start: number, end: number) => Schedule;
/**
 * Rises in a straight line over the first steps, reaching the schedule's own value at the end of them. The first step
 * gets `1 / n` of it, not zero. The schedule itself then runs over the steps that remain.
 *
 * @param options.steps number of steps, or
 * @param options.share share of the run, in [0, 1]
 */
export declare function warmUp(schedule: Schedule, options: {
    readonly steps: number;
} | {
    readonly share: number;
}): Schedule;
//# sourceMappingURL=schedule.d.ts.map