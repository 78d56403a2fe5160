/** Means of named numbers over an epoch. */
export declare class RunningMean {
    #private;
    add(values: Readonly<Record<string, number>>): void;
    values(): Record<string, number>;
}
//# sourceMappingURL=running-mean.d.ts.map