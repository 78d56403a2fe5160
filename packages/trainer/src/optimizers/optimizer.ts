import type * as tf from '@tensorflow/tfjs'
import { kinds, needed, optional, type TensorRecord, type Progress } from '@gpdjs/core'
import type { Gradients } from './gradients.ts'

/** What an optimizer needs of a tensor beyond its value. */
export interface TrainableSpec {
  /** Whether weight decay acts on it when the optimizer exempts norms, biases and gates. */
  readonly decay: boolean
}

export interface UpdateContext {
  /** Of the tensors that move in this step. */
  readonly gradients: Gradients
  readonly trainables: TensorRecord
  /** What `init` made, as it was after the last update. */
  readonly slots: TensorRecord
  readonly specs: Readonly<Record<string, TrainableSpec>>
  readonly progress: Progress
}

/** The tensors that an update replaces; all others stay as they are. */
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
  /**
   * What is remembered from one step to the next; called once, before the first step.
   *
   * @throws GpdError `config.invalid` for tensors that the optimizer cannot train
   */
  init(trainables: TensorRecord): Record<string, tf.Tensor>
  update(context: UpdateContext): Updated
  /** The learning rates of this step, for the log: `{ 'learning-rate': 0.1 }`, or `learning-rate/<group>` of each group. */
  rates(progress: Progress): Readonly<Record<string, number>>
  /**
   * Whether a tensor moves in this step, by the step number alone. One that does not is a constant of the step: no
   * gradient of it is computed. Default: all move in every step.
   */
  moves?(name: string, progress: Progress): boolean
}

/** `Optimizer` as objects of users are checked. */
export const optimizerKind = kinds.members<Optimizer>('an optimizer such as sgd({ learningRate: 0.1 })', {
  name: needed(kinds.text),
  init: needed(kinds.functionOf()),
  update: needed(kinds.functionOf()),
  rates: needed(kinds.functionOf()),
  moves: optional(kinds.functionOf()),
})

/** A change of gradients before an optimizer uses them. Pure, and computed on the device. */
export interface GradientTransform {
  readonly name: string
  transform(gradients: Gradients): Gradients
}

/** `GradientTransform` as objects of users are checked. */
export const transformKind = kinds.members<GradientTransform>('a transform of gradients such as clip(5)', {
  name: needed(kinds.text),
  transform: needed(kinds.functionOf()),
})
