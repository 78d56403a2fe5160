import type * as tf from '@tensorflow/tfjs'
import type { ParameterSpec } from './network/parameters.ts'
import type { Shape } from './ops/op.ts'
import type { RandomStream } from './random/random-stream.ts'
import type { TensorRecord } from './tensor-ops/tensor-record.ts'

/** What one actor computed on one batch. */
export interface ActorOutputs {
  /** `[batch, classes]` */
  readonly logits: tf.Tensor2D
  /** Named intermediate results (feature maps `[batch, height, width, channels]` or vectors). */
  readonly taps: Readonly<Record<string, tf.Tensor>>
}

/** What both networks computed on the same images. */
export interface PairOutputs {
  readonly student: ActorOutputs
  /** Already cut off from the tape by the trainer, unless the term says otherwise. */
  readonly teacher: ActorOutputs
}

/** What a distillation loss may look at. */
export interface DistillationContext extends PairOutputs {
  /** The same of further views of these images (other augmentations), in the same order: those that the loss has asked for. */
  readonly views?: Readonly<Record<string, PairOutputs>>
  /** Class indices, int32 `[batch]` */
  readonly labels: tf.Tensor1D
  /** What `prepare` asked for: trained beside the student, dropped at extraction. */
  readonly heads?: TensorRecord
  /** What `prepare` asked for: moved by `remember`, without gradients. */
  readonly memory?: TensorRecord
  /** Sets the value that a tensor of `memory` will have in the next step. */
  readonly remember?: (name: string, value: tf.Tensor) => void
  /** Positions of the images in the training set, int32 `[batch]`, where the data has them. */
  readonly index?: tf.Tensor1D
  /** Random numbers of this step. */
  readonly random?: () => RandomStream
}

/** What a loss knows of the networks before training. */
export interface LossSetup {
  /** Shapes of the taps it named, without the batch axis. */
  readonly student: Readonly<Record<string, Shape>>
  readonly teacher: Readonly<Record<string, Shape>>
  readonly classes: number
  /** Number of training images. */
  readonly samples: number
  readonly seed: number
}

/** Tensors that belong to a loss. The student never contains them. */
export interface LossTensors {
  /** Trained with the student: regressors, fusion blocks, embeddings. Axes are not expanded. */
  readonly heads?: readonly ParameterSpec[]
  /** Moved without gradients: memory banks. The run takes them over. */
  readonly memory?: Readonly<Record<string, tf.Tensor>>
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
  /** Further views of the images that both networks must look at, such as `['strong']`: another forward pass for each. */
  readonly views?: readonly string[]
  /** Asks for tensors of its own, once for each pair of actors it works between. */
  prepare?(setup: LossSetup): LossTensors
  /** Sum over classes, mean over the batch; a scalar in nats unless the loss says otherwise. Disposes nothing. */
  compute(context: DistillationContext): tf.Scalar
}
