import type * as tf from '@tensorflow/tfjs'
import { kinds, needed, optional, type Network, type TensorRecord } from '@gpdjs/core'
import { scopeOf } from '../scope.ts'

/** A network that takes part in every step: the student, a static teacher, a dynamic teacher, a peer. */
export interface Actor {
  /** Unique, kebab-case: `'dynamic-teacher'`. Its statistics are kept under this name. */
  readonly name: string
  readonly network: Network
  /**
   * - `learner`: trained
   * - `frozen`: never changes; runs off the tape in evaluation mode, and its outputs may be remembered
   * - `follower`: moved by a state between steps (an average of the student); runs off the tape in evaluation mode
   */
  readonly role: 'learner' | 'frozen' | 'follower'
  /** Learners only: `evaluation` for moving statistics and no dropout, as a trained network with adapters needs. Default `training`. */
  readonly mode?: 'training' | 'evaluation'
  /** Learners only: whether the task and static teachers teach it. Default true. */
  readonly pupil?: boolean
  /**
   * Parameters of `network` as a function of every trained and constant tensor and every state of the run: its own
   * tensors (`scopeOf('student', tensors)`) or a view of those of others. Differentiable.
   *
   * With `batch`, they are for `apply` on so many samples, and kernels may come in parts where that is cheaper; without,
   * they are what is saved.
   */
  readonly parameters: (tensors: TensorRecord, batch?: number) => TensorRecord
  /** Batch-norm moments to begin with; the run disposes of them. */
  readonly statistics: Record<string, tf.Tensor>
  /** Followers only: moments as a function of the states of the run. Default `statistics`. */
  readonly moments?: (tensors: TensorRecord) => TensorRecord
  /** Frozen actors only: whether outputs that losses read are remembered, by sample, where data do not vary. Default true. */
  readonly cache?: boolean
}

export const networks = kinds.objectWith<Network>(
  'a network such as graph() or fromLayersModel() makes',
  'nodes',
  'parameters',
)

const STUDENT_CHANGE = { network: optional(networks), parameters: optional(kinds.functionOf()) }

/** What `replaceStudent` changes. */
export const studentChangeKind = kinds.members<Partial<Pick<Actor, 'network' | 'parameters'>>>(
  '{ network, parameters }',
  STUDENT_CHANGE,
)

/** `Actor` as objects of users are checked. */
export const actorKind = kinds.members<Actor>('{ name, network, role, parameters, statistics }', {
  name: needed(kinds.text),
  network: needed(networks),
  role: needed(kinds.oneOf('learner', 'frozen', 'follower')),
  mode: optional(kinds.oneOf('training', 'evaluation')),
  pupil: optional(kinds.flag),
  parameters: needed(kinds.functionOf()),
  statistics: needed(kinds.object),
  moments: optional(kinds.functionOf()),
  cache: optional(kinds.flag),
})

/** Whether the task and static teachers teach an actor. */
export const isPupil = ({ role, pupil = true }: Actor): boolean => role === 'learner' && pupil

/**
 * The moments that an actor normalizes by.
 *
 * @param tensors trained tensors, constants and states of the run
 * @param statistics of the run, under the names of learners
 */
export function momentsOf(actor: Actor, tensors: TensorRecord, statistics: TensorRecord): TensorRecord {
  return actor.role === 'learner' ? scopeOf(actor.name, statistics) : (actor.moments?.(tensors) ?? actor.statistics)
}
