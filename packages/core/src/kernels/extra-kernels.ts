import * as tf from '@tensorflow/tfjs'

/**
 * Kernels that TensorFlow.js does not know, and what each returns. A backend registers those that it can do in fewer
 * passes than the composition of ordinary operations; `tensor-ops` uses them where they are, and composes where not.
 *
 * - `ReluGradient { dy, y }`: `dy` where `y > 0`, else 0
 * - `ChannelSum { x }`: sum over all axes but the last
 * - `ChannelAdd { x, b }`: `x + b`, one value per channel
 * - `ChannelAffine { x, a, b }`: `x · a + b`, one value per channel
 * - `ChannelMoments { x }`: mean and biased variance over all axes but the last
 * - `BatchNormGradient { dy, x, mean, inverseDeviation, scale }`: the gradients of x, scale and shift
 * - `SpatialMean { x }`: `[batch, height, width, channels]` → `[batch, channels]`
 * - `SpatialMeanGradient { dy }` with the attribute `shape` of x
 */
export type ExtraKernel =
  | 'ReluGradient'
  | 'ChannelSum'
  | 'ChannelAdd'
  | 'ChannelAffine'
  | 'ChannelMoments'
  | 'BatchNormGradient'
  | 'SpatialMean'
  | 'SpatialMeanGradient'

/** Runs a kernel of the current backend, or returns nothing if it has none of that name. Call it outside the tape. */
export function runExtraKernel(
  name: ExtraKernel,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: tf.NamedAttrMap = {},
): tf.Tensor[] | undefined {
  const kernel = tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined
  if (kernel === undefined) return undefined
  return [tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs)].flat() as tf.Tensor[]
}
