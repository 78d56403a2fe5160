import * as tf from '@tensorflow/tfjs'
import { mapRecord, type Model } from '@gpdjs/core'
import { extractActor } from './extract.ts'
import { disposeModel, type Best } from './loop/best-epoch.ts'
import type { EpochRecord, RefusedStep } from './loop/progress.ts'
import type { Outcome } from './loop/train-epoch.ts'
import { STUDENT, type Pipeline } from './pipeline/pipeline.ts'
import { scopeOf } from './scope.ts'
import { headsOf } from './pipeline/edge.ts'
import type { TrainingState } from './training-state.ts'

/** What has been trained, as plain networks. */
interface Extracted {
  /** The student after the last step, as a plain network. */
  readonly student: Model
  /** Every trained actor after the last step, the student included. */
  readonly learners: Readonly<Record<string, Model>>
  /** The student by each plugin's averages: `ema`. */
  readonly alternatives: Readonly<Record<string, Model>>
  /** What losses trained beside the learners (regressors, fusions, embeddings), by term: `vid(student, static-teacher)`. */
  readonly heads: Readonly<Record<string, Readonly<Record<string, tf.Tensor>>>>
}

export interface DistillResult extends Extracted {
  /** The student after the epoch that the task judges best by the validation set. Absent without one. */
  readonly best?: Best
  readonly history: readonly EpochRecord[]
  readonly steps: number
  readonly seconds: number
  /** `diverged`: a loss or gradient stopped being finite; everything above is from before that step. */
  readonly outcome: Outcome
  readonly problem?: string
  /** What the student does not have as the `tf.LayersModel` that was given: a softmax left out. Empty for a network. */
  readonly notes: readonly string[]
  /** Steps that were not accepted because their numbers were not finite. */
  readonly refused: readonly RefusedStep[]
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
export function extractLearners(pipeline: Pipeline, state: TrainingState): Extracted {
  const names = pipeline.actors.filter(({ role }) => role === 'learner').map(({ name }) => name)
  const learners = Object.fromEntries(names.map((name) => [name, extractActor(pipeline, state, name)]))
  const alternatives = pipeline.states.flatMap(({ name, alternative }) =>
    alternative ? [[name, extractActor(pipeline, alternative(scopeOf(name, state.states)))] as const] : [],
  )
  const heads = extractHeads(pipeline, state)
  return { student: learners[STUDENT]!, learners, alternatives: Object.fromEntries(alternatives), heads }
}

/** The result with the function that frees it. */
export function disposable(result: Omit<DistillResult, 'dispose'>): DistillResult {
  const { learners, alternatives, best, heads } = result
  return {
    ...result,
    dispose() {
      for (const model of [...Object.values(learners), ...Object.values(alternatives), best?.student])
        disposeModel(model)
      tf.dispose(Object.values(heads).flatMap((own) => Object.values(own)))
    },
  }
}
