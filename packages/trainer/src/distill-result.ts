import * as tf from '@tensorflow/tfjs'
import { extractActor, type ExtractedNetwork } from './extract.ts'
import type { Logs } from './loop/callbacks.ts'
import type { Outcome } from './loop/train-epoch.ts'
import { STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import { scopeOf } from './pipeline/scope.ts'
import type { TrainingState } from './training-state.ts'

/** What an epoch brought. */
export interface EpochRecord {
  readonly epoch: number
  readonly logs: Logs
}

export interface DistillResult {
  /** The student after the last step, as a plain network. */
  readonly student: ExtractedNetwork
  /** The student after the epoch with the best validation accuracy. Absent without a validation set. */
  readonly best?: { readonly epoch: number; readonly accuracy: number; readonly student: ExtractedNetwork }
  /** Every trained actor after the last step, the student included. */
  readonly learners: Readonly<Record<string, ExtractedNetwork>>
  /** The student by each plugin's averages: `ema`. */
  readonly alternatives: Readonly<Record<string, ExtractedNetwork>>
  readonly history: readonly EpochRecord[]
  readonly steps: number
  readonly seconds: number
  /** `diverged`: a loss or gradient stopped being finite; everything above is from before that step. */
  readonly outcome: Outcome
  readonly problem?: string
  /** Frees all tensors of this result. */
  dispose(): void
}

/** Every learner as a plain network. */
export function extractLearners(
  pipeline: Pipeline,
  state: TrainingState,
): Pick<DistillResult, 'student' | 'learners' | 'alternatives'> {
  const names = pipeline.actors.filter(({ role }) => role === 'learner').map(({ name }) => name)
  const learners = Object.fromEntries(names.map((name) => [name, extractActor(pipeline, state, name)]))
  const alternatives = pipeline.states.flatMap(({ name, alternative }) =>
    alternative ? [[name, extractActor(pipeline, alternative(scopeOf(name, state.extra)))] as const] : [],
  )
  return { student: learners[STUDENT]!, learners, alternatives: Object.fromEntries(alternatives) }
}

export const disposeNetwork = (network: ExtractedNetwork | undefined) =>
  network && tf.dispose([network.parameters, network.statistics])
