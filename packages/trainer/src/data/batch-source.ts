import type * as tf from '@tensorflow/tfjs'
import type { Shape } from '@gpdjs/core'

/** Samples on the device. Whoever receives them disposes of them. */
export interface TensorBatch {
  /** `[batch, height, width, channels]` */
  readonly xs: tf.Tensor
  /** Further views of the same images (other augmentations), by name. */
  readonly views?: Readonly<Record<string, tf.Tensor>>
  /** Class indices, int32 `[batch]` */
  readonly ys: tf.Tensor1D
  /** Where in the set each sample stands: the key under which a teacher's logits are remembered. */
  readonly index: Uint32Array
}

export interface EpochOptions {
  readonly batchSize: number
  readonly seed: number
  /** The order (and augmentation) of an epoch depends on the seed and this number only. */
  readonly epoch: number
  /** Default false: the order of the set, the last batch possibly smaller. True also drops that last batch. */
  readonly shuffle?: boolean
}

/** Where batches come from: image sets, tensors, or anything of one's own. */
export interface BatchSource {
  /** Number of samples. */
  readonly size: number
  /** `[height, width, channels]` */
  readonly shape: Shape
  readonly classes: number
  /** Whether a sample may look different from one epoch to the next. */
  readonly augmented: boolean
  /** Names of the further views that its shuffled batches have. Default none. */
  readonly views?: readonly string[]
  batches(options: EpochOptions): Iterable<TensorBatch>
  /** Looks for mistakes that are only seen by waiting for the device; called once, before training or evaluation. */
  check?(): Promise<void>
}
