import type * as tf from '@tensorflow/tfjs'

/** The numbers of one tensor in one update. */
export interface RuleNumbers {
  readonly rate: number
  /** Weight decay; 0 for a tensor that is exempt. */
  readonly decay: number
  /** Updates made before: 0 for the first. */
  readonly step: number
}

/** How an optimizer moves one tensor, by its own gradient and by what is remembered of it. */
export interface UpdateRule {
  readonly name: string
  /** What is remembered of each tensor: tensors of its shape. */
  readonly slots: readonly string[]
  /** What these are at first (default 0). */
  readonly initial?: number
  /** The tensor after the update, then its slots in order. */
  move(theta: tf.Tensor, gradient: tf.Tensor, slots: readonly tf.Tensor[], numbers: RuleNumbers): readonly tf.Tensor[]
  /** A kernel that does the same to all tensors in one pass over memory, used where the backend has it. */
  readonly kernel?: UpdateKernel
}

/** A kernel that updates all tensors in one pass over memory; see `ExtraKernel` for the order of its settings. */
export interface UpdateKernel {
  readonly name: 'MomentumUpdate' | 'AdamUpdate'
  settings(rate: number, step: number): readonly number[]
  /** The number that stands for weight decay, one for each tensor. */
  decay(numbers: RuleNumbers): number
}
