import * as tf from '@tensorflow/tfjs';
import { type Network, type TensorRecord } from '@gpdjs/core';
import { type Pipeline } from './pipeline/pipeline.ts';
/** A plain network with its own tensors. */
export interface ExtractedNetwork {
    readonly network: Network;
    readonly parameters: Record<string, tf.Tensor>;
    readonly statistics: Record<string, tf.Tensor>;
}
/**
 * An actor as a plain network: its view of the run's tensors, computed once. Nothing of the run is left in it, and its
 * logits are bit for bit those of the actor.
 *
 * @param run the tensors to read: a training state, or the averages of `ema`
 * @returns new tensors, owned by the caller
 */
export declare function extractActor({ actors, constants }: Pick<Pipeline, 'actors' | 'constants'>, run: {
    readonly trainables: TensorRecord;
    readonly statistics: TensorRecord;
}, name?: string): ExtractedNetwork;
//# sourceMappingURL=extract.d.ts.map