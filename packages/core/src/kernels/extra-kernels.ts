import * as tf from '@tensorflow/tfjs'

/**
 * Kernels that TensorFlow.js does not know, and what each returns. A backend registers those that it can do in fewer
 * passes than the composition of ordinary operations; `tensor-ops` uses them where they are, and composes where not.
 *
 * - `ReluGradient { dy, y }`: `dy` where `y > 0`, else 0
 * - `ChannelAdd { x, b }`: `x + b`, one value per channel
 * - `ChannelAffine { x, a, b }`: `x · a + b`, one value per channel
 * - `ChannelMoments { x }`: mean and biased variance over all axes but the last
 * - `BatchNormGradient { dy, x, mean, inverseDeviation, scale }`: the gradients of x, scale and shift
 * - `BatchNormTraining { x, scale, shift }`, with the attribute `epsilon`: y, mean, biased variance, and more that its
 *   gradient needs; it is recorded, and registered together with a gradient
 * - `BatchNormBlock { x, scale, shift, movingMean, movingVariance, other }` (`other` may be missing), with the attributes
 *   `epsilon`, `momentum` and `relu`: see `batchNormBlock`: y, the moving averages, and more that its gradient needs; it
 *   is recorded, and registered together with a gradient
 * - `Gelu { x }` and `GeluGradient { dy, x }`: see `gelu`
 * - `LayerNorm { x, scale, shift }`, with the attribute `epsilon`: y, and mean and inverse deviation of each row; and
 *   `LayerNormGradient { dy, x, scale, mean, inverse }`: the gradients of x, scale and shift
 * - `KernelSum { gates, kernel0, kernel1, …, profile1, … }` and `KernelSumGradient { dy, … }`, with the attributes
 *   `factors` (of each kernel, one for each tap) and `shape` (of the sum); see `kernelSum`
 * - `LeadingBlocks { tensor0, tensor1, … }`, with the attributes `sizes`, `scales` and `shapes`: see `leadingBlocks`; it
 *   is recorded, and registered together with a gradient
 * - `LeadingBlocksGradient { dy0, dy1, …, known1, … }`, with the attributes `scales` and `shapes`: the gradient of each
 *   tensor, added to what is known of it
 * - `Product { a, b }` and `ProductGradient { dy, a, b }`, with the attributes `batch`, `rows`, `depth` and `columns` of
 *   the matrices that the tensors are seen as, and `shape` of the product; see `product`
 * - `GlobalNorm { x0, x1, … }`: `√(Σ x²)` over all of them
 * - `MomentumUpdate { settings, scale, decays, gradient0, …, parameter0, …, velocity0, … }`: the parameters and the
 *   velocities after a step of SGD, see `sgd` in the trainer
 * - `AdamUpdate { settings, scale, decays, gradient0, …, parameter0, …, first0, …, second0, … }`: the same for `adamw`
 * - `SpatialMeanGradient { dy }`, with the attribute `shape` of x: `dy / (height · width)` at every position
 */
export type ExtraKernel =
  | 'ReluGradient'
  | 'ChannelAdd'
  | 'ChannelAffine'
  | 'ChannelMoments'
  | 'BatchNormGradient'
  | 'BatchNormTraining'
  | 'BatchNormBlock'
  | 'SpatialMeanGradient'
  | 'KernelSum'
  | 'KernelSumGradient'
  | 'Gelu'
  | 'GeluGradient'
  | 'GlobalNorm'
  | 'LayerNorm'
  | 'LayerNormGradient'
  | 'LeadingBlocks'
  | 'LeadingBlocksGradient'
  | 'MomentumUpdate'
  | 'AdamUpdate'
  | 'Product'
  | 'ProductGradient'

/**
 * Runs a kernel of the current backend on float32 tensors, or returns nothing if it has none of that name. It records
 * nothing: call it where a custom gradient speaks for it.
 */
export function runExtraKernel(
  name: ExtraKernel,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: tf.NamedAttrMap = {},
): tf.Tensor[] | undefined {
  const kernel = tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined
  if (kernel === undefined || Object.values(inputs).some(({ dtype }) => dtype !== 'float32')) return undefined
  return [tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs)].flat() as tf.Tensor[]
}
