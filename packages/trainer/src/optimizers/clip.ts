import * as tf from '@tensorflow/tfjs'
import { mapRecord, runExtraKernel, type TensorRecord } from '@gpdjs/core'

/** `√(Σ ‖g‖²)` over all gradients. */
export function globalNorm(gradients: TensorRecord): tf.Scalar {
  const fused = runExtraKernel('GlobalNorm', { tensors: Object.values(gradients) })
  if (fused !== undefined) return fused[0] as tf.Scalar
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))
  return tf.sqrt(tf.addN(squares)) as tf.Scalar
}

/** `min(1, limit / (norm + 1e-6))`: what PyTorch's `clip_grad_norm_` multiplies all gradients by; undefined without a limit. */
export function clippingScale(norm: tf.Scalar, limit: number): tf.Scalar | undefined {
  return limit === Infinity ? undefined : (tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6))) as tf.Scalar)
}

/** Multiplies all gradients by `clippingScale`. */
export function clipByGlobalNorm(gradients: TensorRecord, norm: tf.Scalar, limit: number): TensorRecord {
  const scale = clippingScale(norm, limit)
  return scale === undefined ? gradients : mapRecord(gradients, (gradient) => tf.mul(gradient, scale))
}
