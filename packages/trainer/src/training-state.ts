import * as tf from '@tensorflow/tfjs'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { inScope } from './scope.ts'

/** Everything that changes during training. */
export interface TrainingState {
  /** Steps taken. */
  readonly step: number
  readonly trainables: Record<string, tf.Tensor>
  /** The optimizer's memory. */
  readonly slots: Record<string, tf.Tensor>
  /** Batch-norm moments, `<actor>/<statistic>`, and memories of losses. */
  readonly statistics: Record<string, tf.Tensor>
  /** States of plugins, `<state>/<tensor>`. */
  readonly states: Record<string, tf.Tensor>
}

/** Where training begins. Takes over the pipeline's initial tensors. */
export function initialState({ initial, states }: Pipeline, optimizer: Optimizer): TrainingState {
  const own = states.map((state) => inScope(state.name, state.init(initial)))
  return {
    step: 0,
    ...initial,
    slots: optimizer.init(initial.trainables),
    states: Object.assign({}, ...own) as Record<string, tf.Tensor>,
  }
}

const tensorsOf = ({ trainables, slots, statistics, states }: TrainingState): tf.Tensor[] =>
  [trainables, slots, statistics, states].flatMap((record) => Object.values(record))

/** Frees what a state holds, except tensors that one of `others` still uses. */
export function disposeReplaced(state: TrainingState, ...others: readonly (TrainingState | undefined)[]): void {
  const kept = new Set(others.flatMap((other) => (other ? tensorsOf(other) : [])))
  tf.dispose(tensorsOf(state).filter((tensor) => !kept.has(tensor)))
}
