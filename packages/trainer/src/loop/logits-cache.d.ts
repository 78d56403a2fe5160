import * as tf from '@tensorflow/tfjs';
import type { TensorBatch } from '../data/batch-source.ts';
import type { Actor } from '../pipeline/actor.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
/**
 * Remembers what a frozen teacher said about each image, so that it looks at every image once. Filled as images come
 * by: never more work than without, and none of it in advance.
 */
export declare class LogitsCache {
    #private;
    private readonly actor;
    private readonly pipeline;
    constructor(actor: Actor, pipeline: Pipeline, size: number);
    /** `[batch, classes]`; the caller disposes of it. */
    logits({ xs, index }: TensorBatch): Promise<tf.Tensor2D>;
}
/** A cache for each teacher that allows one, where images look alike in every epoch. */
export declare function logitsCaches(pipeline: Pipeline, samples: number, augmented: boolean): Map<string, LogitsCache>;
//# sourceMappingURL=logits-cache.d.ts.map