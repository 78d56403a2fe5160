import * as tf from '@tensorflow/tfjs'
import { mapRecord } from '@gpdjs/core'
import { extractActor, type ExtractedNetwork } from './extract.ts'
import type { Logs } from './loop/callbacks.ts'
import type { Outcome } from './loop/train-epoch.ts'
import { STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import { scopeOf } from './pipeline/scope.ts'
import { headsOf } from './pipeline/term.ts'
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
  /** What losses trained beside the learners (regressors, fusions, embeddings), by term: `vid(student, static-teacher)`. */
  readonly heads: Readonly<Record<string, Readonly<Record<string, tf.Tensor>>>>
  readonly history: readonly EpochRecord[]
  readonly steps: number
  readonly seconds: number
  /** `diverged`: a loss or gradient stopped being finite; everything above is from before that step. */
  readonly outcome: Outcome
  readonly problem?: string
  /** Frees all tensors of this result. */
  dispose(): void
}

/** The heads of every loss that has some: new tensors. */
function extractHeads({ terms }: Pipeline, { trainables }: TrainingState): DistillResult['heads'] {
  const entries = terms.map(({ name }) => [name, scopeOf(headsOf(name), trainables)] as const)
  const present = entries.filter(([, heads]) => Object.keys(heads).length > 0)
  return Object.fromEntries(present.map(([name, heads]) => [name, mapRecord(heads, (tensor) => tf.clone(tensor))]))
}

/** Every learner as a plain network, and what losses trained beside them. */
export function extractLearners(
  pipeline: Pipeline,
  state: TrainingState,
): Pick<DistillResult, 'student' | 'learners' | 'alternatives' | 'heads'> {
  const names = pipeline.actors.filter(({ role }) => role === 'learner').map(({ name }) => name)
  const learners = Object.fromEntries(names.map((name) => [name, extractActor(pipeline, state, name)]))
  const alternatives = pipeline.states.flatMap(({ name, alternative }) =>
    alternative ? [[name, extractActor(pipeline, alternative(scopeOf(name, state.extra)))] as const] : [],
  )
  const heads = extractHeads(pipeline, state)
  return { student: learners[STUDENT]!, learners, alternatives: Object.fromEntries(alternatives), heads }
}

export const disposeNetwork = (network: ExtractedNetwork | undefined) =>
  network && tf.dispose([network.parameters, network.statistics])
