/** Numbers to log, under the names that TensorFlow.js users know (`loss`, `acc`, `val_acc`) and those of the run's losses. */
export type Logs = Readonly<Record<string, number>>;
/** Called as training goes on, each of them optional; those that return a promise are waited for. */
export interface Callbacks {
    onTrainBegin?(info: TrainInfo): void | Promise<void>;
    onEpochBegin?(epoch: number): void | Promise<void>;
    /** After each step: the unweighted losses by name, `loss`, `acc`, `gradient-norm`, `learning-rate`, `images-per-second`. */
    onBatchEnd?(step: number, logs: Logs): void | Promise<void>;
    /** After each epoch and its evaluation: means of the steps' numbers, and `val_acc`, `val_loss` of each learner, `gap`. */
    onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
    /** Also when training stops early. */
    onTrainEnd?(logs: Logs): void | Promise<void>;
}
export interface TrainInfo {
    readonly epochs: number;
    readonly stepsPerEpoch: number;
    readonly totalSteps: number;
    readonly batchSize: number;
    readonly actors: readonly string[];
    readonly losses: readonly string[];
}
/** Several sets of callbacks as one; called in order. */
export declare function combineCallbacks(callbacks: readonly Callbacks[]): Required<Callbacks>;
//# sourceMappingURL=callbacks.d.ts.map