import * as tf from '@tensorflow/tfjs';
import type { BatchSource } from './batch-source.ts';
/**
 * Batches from tensors in memory, `{ xs, ys }` as TensorFlow.js users have them. The tensors stay the caller's.
 *
 * @param data.xs `[samples, height, width, channels]`
 * @param data.ys class indices, int32 `[samples]`
 * @throws GpdError `data.mismatch` if the numbers of samples differ
 */
export declare function tensorSource(data: {
    readonly xs: tf.Tensor4D;
    readonly ys: tf.Tensor1D;
    readonly classes: number;
}): BatchSource;
//# sourceMappingURL=tensor-source.d.ts.map