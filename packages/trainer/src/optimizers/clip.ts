import * as tf from '@tensorflow/tfjs'
import { mapRecord, type TensorRecord } from '@gpdjs/core'

/** `√(Σ ‖g‖²)` over all gradients. */
export function globalNorm(gradients: TensorRecord): tf.Scalar {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))
  return tf.sqrt(tf.addN(squares)) as tf.Scalar
}

/** Multiplies all gradients by `min(1, limit / (norm + 1e-6))`: PyTorch's `clip_grad_norm_`. */
export function clipByGlobalNorm(gradients: TensorRecord, norm: tf.Scalar, limit: number): TensorRecord {
  if (limit === Infinity) return gradients
  const scale = tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)))
  return mapRecord(gradients, (gradient) => tf.mul(gradient, scale))
}
