import type * as tf from '@tensorflow/tfjs'
import type { Fields } from './fields.ts'
import type { ParameterSpec } from './axes/parameters.ts'
import { distributionKind, type Distribution, type Labels } from './labels.ts'
import type { Network } from './network/network.ts'
import * as kinds from './options/kinds.ts'
import { needed, optional } from './options/option.ts'
import type { Shape } from './shape.ts'
import type { RandomStream } from './random/random-stream.ts'
import type { TensorRecord } from './tensor-ops/tensor-record.ts'

/** What one actor computed on one batch. */
export interface ActorOutputs {
  /** `[rows, classes]`: one row for each label */
  readonly logits: tf.Tensor2D
  /** What the network puts out, by name, before the task makes logits of it. */
  readonly outputs: Fields
  /** Named intermediate results (feature maps `[batch, height, width, channels]` or vectors). */
  readonly taps: Fields
}

/** What both networks computed on the same images. */
export interface PairOutputs {
  readonly student: ActorOutputs
  /** Already cut off from the tape by the trainer, unless the edge has `stopGradient: 'none'`. */
  readonly teacher: ActorOutputs
}

/** What a distillation loss is computed from. */
export interface DistillationContext extends PairOutputs {
  /** The same for further views of these images (other augmentations), in the same order: those named in `views`. */
  readonly views?: Readonly<Record<string, PairOutputs>>
  readonly labels: Labels
  /** How much each row counts, `[rows]`; absent where all count the same. The trainer weighs rows that a loss returns. */
  readonly weights?: tf.Tensor1D
  /** What the batch holds: at least the fields that the loss has named. */
  readonly fields: Fields
  /** Heads that `prepare` returned: trained beside the student, dropped at extraction. */
  readonly heads?: TensorRecord
  /** Memory that `prepare` returned: moved by `remember`, without gradients. */
  readonly memory?: TensorRecord
  /** Sets the value that a tensor of `memory` will have in the next step. */
  readonly remember?: (name: string, value: tf.Tensor) => void
  /** Random numbers of this step. */
  readonly random?: () => RandomStream
}

/** What is known about the two networks before training; the argument of `prepare`. */
export interface LossSetup {
  /** Shapes of the taps it named, without the batch axis. */
  readonly student: Readonly<Record<string, Shape>>
  readonly teacher: Readonly<Record<string, Shape>>
  /** Shapes of what the student puts out, without the batch axis: `logits: [classes]`. */
  readonly outputs: Readonly<Record<string, Shape>>
  /** Number of training images. */
  readonly samples: number
  readonly seed: number
}

/** Tensors that belong to a loss, which the student never contains, and what they ask of a batch. */
export interface LossTensors {
  /** Trained with the student: regressors, fusion blocks, embeddings. Axes are not expanded. */
  readonly heads?: readonly ParameterSpec[]
  /** Moved without gradients: memory banks. The run takes them over. */
  readonly memory?: Readonly<Record<string, tf.Tensor>>
  /** Networks of the heads, run in training mode: for each a batch has to be large enough for its norms. */
  readonly networks?: readonly Network[]
  /** Samples that a batch must have for the loss to have a gradient. Default 1. */
  readonly leastBatch?: number
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
  /** Further views of the images on which both networks are computed, such as `['strong']`: another forward pass for each. */
  readonly views?: readonly string[]
  /** Fields of the batch that it reads, such as `['index']`: the positions of the images in the training set, int32 `[batch]`. */
  readonly fields?: readonly string[]
  /**
   * `'index'`: it needs one class index per row, so data with one-hot or soft labels are refused before the first step.
   * Default: it takes both, or does not read labels.
   */
  readonly labels?: 'index'
  /** What it takes the logits for; refused with a task of the other. Default: any, as it does not read logits. */
  readonly distribution?: Distribution
  /** The loss is one number for all samples of a batch together, so rows cannot be weighed. Default false. */
  readonly comparesSamples?: boolean
  /** Returns tensors of the loss's own; called once for each pair of actors it compares. */
  prepare?(setup: LossSetup): LossTensors
  /**
   * One number per row, `[rows]`, which the trainer averages, or one for the whole batch; summed over classes, in nats unless
   * documented otherwise. Disposes nothing.
   */
  compute(context: DistillationContext): tf.Tensor
}

const names = kinds.listOf(kinds.text, { least: 0, expected: 'a list of names' })

/** `DistillationLoss` as objects of users are checked. */
export const lossKind = kinds.members<DistillationLoss>('a loss such as kd()', {
  name: needed(kinds.text),
  taps: optional(kinds.record({ student: optional(names), teacher: optional(names) })),
  views: optional(names),
  fields: optional(names),
  comparesSamples: optional(kinds.flag),
  labels: optional(kinds.oneOf('index')),
  distribution: optional(distributionKind),
  prepare: optional(kinds.functionOf()),
  compute: needed(kinds.functionOf()),
})
