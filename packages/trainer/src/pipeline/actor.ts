import type * as tf from '@tensorflow/tfjs'
import type { Network, TensorRecord } from '@gpdjs/core'

/** Someone who looks at every batch: the student, a static teacher, a dynamic teacher, a peer. */
export interface Actor {
  /** Unique, kebab-case: `'dynamic-teacher'`. Its statistics live under this name. */
  readonly name: string
  readonly network: Network
  /** A learner is trained; a frozen actor runs outside the tape, in evaluation mode, and never changes. */
  readonly role: 'learner' | 'frozen'
  /**
   * Parameters of `network` as a function of every trained and constant tensor of the run: its own tensors
   * (`scopeOf('student', tensors)`) or a view of somebody else's. Differentiable.
   *
   * With `batch`, they are for `apply` on so many images, and kernels may come in parts where that is cheaper; without,
   * they are what is saved.
   */
  readonly parameters: (tensors: TensorRecord, batch?: number) => TensorRecord
  /** What a batch's images must become before this network sees them. Default: nothing. */
  readonly input?: (xs: tf.Tensor) => tf.Tensor
  /** Batch-norm moments to begin with; taken over by the run. */
  readonly statistics: Record<string, tf.Tensor>
  /** Frozen actors only: its outputs do not depend on augmentation, so they may be computed once and looked up. */
  readonly cacheLogits?: boolean
}
