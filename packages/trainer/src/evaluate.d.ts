import { type Network, type TensorRecord } from '@gpdjs/core';
import type { BatchSource } from './data/batch-source.ts';
export interface Evaluation {
    /** Share of samples whose largest logit is the label's, in [0, 1]. */
    readonly accuracy: number;
    /** Mean cross-entropy, in nats. */
    readonly loss: number;
    readonly samples: number;
}
/** A network with the tensors it runs on. */
export interface TrainedNetwork {
    readonly network: Network;
    readonly parameters: TensorRecord;
    readonly statistics: TensorRecord;
}
/**
 * Accuracy and loss over a whole set, in evaluation mode.
 *
 * @throws GpdError `data.mismatch` if the set has other classes than the network
 */
export declare function evaluate(trained: TrainedNetwork, source: BatchSource, options?: {
    readonly batchSize?: number;
}): Promise<Evaluation>;
//# sourceMappingURL=evaluate.d.ts.map