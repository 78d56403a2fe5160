import type * as tf from '@tensorflow/tfjs'
import type { Expansion, Network, TensorRecord } from '@gpdjs/core'

/** What a view's parameters are for. */
export interface ViewOptions {
  /**
   * Rows that the parameters are used for, by `apply`: where they are few, a kernel may then come in factors that are
   * cheaper one after the other than merged. Default: everything is merged.
   */
  readonly batch?: number | undefined
}

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
