import * as tf from '@tensorflow/tfjs';
import { type Network } from '@gpdjs/core';
/** A convolutional network of a few hundred parameters, for tests. */
export declare function tinyNetwork(options?: {
    readonly width?: number;
    readonly norm?: boolean;
    readonly classes?: number;
}): Network;
/** Images whose class is how bright they are on average, with noise. */
export declare function tinyData(samples?: number, classes?: number, seed?: number): import("./data/batch-source.ts").BatchSource;
/** A network with drawn weights, such as a teacher. */
export declare function drawn(network: Network, seed: number): {
    network: Network;
    parameters: Record<string, tf.Tensor<tf.Rank>>;
    statistics: Record<string, tf.Tensor<tf.Rank>>;
};
//# sourceMappingURL=testing.d.ts.map