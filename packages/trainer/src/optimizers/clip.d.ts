import * as tf from '@tensorflow/tfjs';
import { type TensorRecord } from '@gpdjs/core';
/** `√(Σ ‖g‖²)` over all gradients. */
export declare function globalNorm(gradients: TensorRecord): tf.Scalar;
/** Multiplies all gradients by `min(1, limit / (norm + 1e-6))`: PyTorch's `clip_grad_norm_`. */
export declare function clipByGlobalNorm(gradients: TensorRecord, norm: tf.Scalar, limit: number): TensorRecord;
//# sourceMappingURL=clip.d.ts.map