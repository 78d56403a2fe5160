import type * as tf from '@tensorflow/tfjs'

/** What one actor computed on one batch. */
export interface ActorOutputs {
  /** `[batch, classes]` */
  readonly logits: tf.Tensor2D
  /** Named intermediate results (feature maps `[batch, height, width, channels]` or vectors). */
  readonly taps: Readonly<Record<string, tf.Tensor>>
}

/** What a distillation loss may look at. */
export interface DistillationContext {
  readonly student: ActorOutputs
  /** Already cut off from the tape by the trainer, unless the term says otherwise. */
  readonly teacher: ActorOutputs
  /** Class indices, int32 `[batch]` */
  readonly labels: tf.Tensor1D
}

/**
 * A distillation loss with its options filled in: what `kd({ temperature: 4 })` returns, and what plugins take.
 * Weights and schedules are not its business; they belong to the term that uses it.
 */
export interface DistillationLoss {
  /** Unique among losses, kebab-case: `'dkd'`. */
  readonly name: string
  /** Taps that must exist on either side. */
  readonly taps?: { readonly student?: readonly string[]; readonly teacher?: readonly string[] }
  /** Sum over classes, mean over the batch; a scalar in nats unless the loss says otherwise. Disposes nothing. */
  compute(context: DistillationContext): tf.Scalar
}
