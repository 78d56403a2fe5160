import type * as tf from '@tensorflow/tfjs'
import type { TensorRecord } from '@gpdjs/core'
import type { Schedule } from '../schedule.ts'

/** What an optimizer needs to know of a tensor beyond its value. */
export interface TrainableSpec {
  readonly shape: readonly number[]
  /** Whether weight decay acts on it when the optimizer exempts norms, biases and gates. */
  readonly decay: boolean
}

export interface UpdateContext {
  readonly gradients: TensorRecord
  readonly trainables: TensorRecord
  /** What `init` made, as it was after the last update. */
  readonly slots: TensorRecord
  readonly specs: Readonly<Record<string, TrainableSpec>>
  readonly learningRate: number
  /** Updates already made: 0 for the first. */
  readonly step: number
}

/** What an update makes. */
export interface Updated {
  readonly trainables: Record<string, tf.Tensor>
  readonly slots: Record<string, tf.Tensor>
}

/**
 * The mathematics of an optimizer. Everything is keyed by parameter name, so that freezing, adding or reordering
 * parameters cannot mix up momenta. Pure: returns new tensors and leaves its inputs alone.
 */
export interface Optimizer {
  readonly name: string
  readonly learningRate: Schedule
  /** Gradients are scaled down to this norm (over all of them together) before the update; `Infinity` for never. */
  readonly clipGlobalNorm: number
  init(trainables: TensorRecord): Record<string, tf.Tensor>
  update(context: UpdateContext): Updated
  /**
   * The same in one pass over memory, where the backend has a kernel for it: all gradients are multiplied by `scale`
   * (1 if undefined) on the way. Undefined where it has none; then the gradients are scaled first, and `update` is used.
   */
  fusedUpdate?(context: UpdateContext, scale: tf.Scalar | undefined): Updated | undefined
}

export interface OptimizerOptions {
  readonly learningRate: Schedule
  /** Default `Infinity`. */
  readonly clipGlobalNorm?: number
  /** Which tensors decay: `weights` leaves out norms, biases and gates; `all` is what the authors do. Default `weights`. */
  readonly decay?: 'weights' | 'all'
}
