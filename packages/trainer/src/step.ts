import * as tf from '@tensorflow/tfjs'
import { fillOptions, type Progress, type TensorRecord } from '@gpdjs/core'
import { accumulate } from './accumulate.ts'
import { disposeKept, gradientPass, type GradientPass, type StepMetrics, type TrainingBatch } from './gradient-pass.ts'
import { STEP_SCALARS, type StepScalars } from './step-scalars.ts'
import { gradientsOf } from './optimizers/gradients.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import type { Trained } from './pipeline/plugin.ts'
import { inScope, scopeOf } from './scope.ts'
import type { TrainingState } from './training-state.ts'

/** Every state of a plugin after what has been trained. */
function nextStates({ states }: Pipeline, current: TensorRecord, trained: Trained & Progress): TrainingState['states'] {
  const next = states.map(({ name, update }) => inScope(name, update(scopeOf(name, current), trained)))
  return Object.assign({}, ...next) as Record<string, tf.Tensor>
}

/** The state after an update by these gradients, and the metrics of the step. */
function update(
  pipeline: Pipeline,
  optimizer: Optimizer,
  state: TrainingState,
  { statistics, metrics, ...pass }: GradientPass,
  progress: Progress,
): { state: TrainingState; metrics: StepMetrics } {
  const gradients = gradientsOf(pass.gradients)
  const updated = optimizer.update({ ...state, gradients, specs: pipeline.specs, progress })
  const trainables = { ...state.trainables, ...updated.trainables }
  const slots = { ...state.slots, ...updated.slots }
  const states = nextStates(pipeline, state.states, { trainables, statistics, ...progress })
  return {
    state: { step: state.step + 1, trainables, slots, statistics, states },
    metrics: { ...metrics, 'gradient-norm': gradients.norm() },
  }
}

/**
 * One step: a pure function from a state to the next one. Nothing is read back to JavaScript, and the old state is
 * left untouched (dispose it with `disposeReplaced` once the step is accepted).
 *
 * @param batches one batch, or several whose mean gradient makes one update
 */
export function trainingStep(
  pipeline: Pipeline,
  optimizer: Optimizer,
  state: TrainingState,
  batches: readonly TrainingBatch[],
  scalars: StepScalars,
): { state: TrainingState; metrics: StepMetrics } {
  const { totalSteps, weights } = fillOptions('trainingStep', STEP_SCALARS, scalars)
  return tf.tidy(() => {
    const progress = { step: state.step, totalSteps }
    const moves = (name: string) => optimizer.moves?.(name, progress) ?? true
    const [first, ...further] = batches as [TrainingBatch, ...TrainingBatch[]]
    const pass =
      further.length === 0
        ? gradientPass(pipeline, state, first, weights, { moves })
        : accumulate(pipeline, state, batches, weights, { moves })
    try {
      const next = update(pipeline, optimizer, state, pass, progress)
      return { state: { ...next.state }, metrics: next.metrics }
    } catch (error) {
      disposeKept(pass, state)
      throw error
    }
  })
}
