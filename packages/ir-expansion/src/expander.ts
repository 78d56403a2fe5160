import type * as tf from '@tensorflow/tfjs'
import { kinds, needed, optional, type Given, type Network, type TensorRecord } from '@gpdjs/core'
import type { Expansion } from './expansion/expansion.ts'

/** What a view's parameters are for. */
export const VIEW_OPTIONS = {
  /**
   * Rows that the parameters are used for, by `apply`: where they are few, a kernel may then come in factors that are
   * cheaper one after the other than merged (default: everything is merged).
   */
  batch: optional(kinds.count),
}

export type ViewOptions = Given<typeof VIEW_OPTIONS>

/**
 * A way from a student to a wider network that shares its tensors, with its options filled in.
 * `inverseReparameterization` makes one; `dynamicTeacher` takes any.
 */
export interface Expander {
  readonly name: string
  /** Plans both networks and the tensors they share; computes nothing. */
  expand(student: Network): Expansion
  /** Stored tensors that compute the student's function. The caller owns them. */
  lift(expansion: Expansion, student: TensorRecord, seed: number): Record<string, tf.Tensor>
  /** Stored tensors drawn without a student. The caller owns them. */
  initialize(expansion: Expansion, seed: number): Record<string, tf.Tensor>
  /** Statistics of the wide network, from the student's. The caller owns them. */
  liftStatistics(expansion: Expansion, statistics: TensorRecord): Record<string, tf.Tensor>
  /** Parameters of the wide network, differentiable in the stored tensors. */
  teacherView(expansion: Expansion, stored: TensorRecord, options?: ViewOptions): Record<string, tf.Tensor>
}

/** `Expander` as objects of users are checked. */
export const expanderKind = kinds.members<Expander>('an expander such as inverseReparameterization({ ratio: 2 })', {
  name: needed(kinds.text),
  expand: needed(kinds.functionOf()),
  lift: needed(kinds.functionOf()),
  initialize: needed(kinds.functionOf()),
  liftStatistics: needed(kinds.functionOf()),
  teacherView: needed(kinds.functionOf()),
})
