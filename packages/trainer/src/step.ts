import * as tf from '@tensorflow/tfjs'
import { accumulate, gradientPass, type StepMetrics, type StepScalars, type TrainingBatch } from './gradient-pass.ts'
import { gradientsOf } from './optimizers/gradients.ts'
import type { Optimizer } from './optimizers/optimizer.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { inScope, scopeOf } from './pipeline/scope.ts'
import type { Progress } from './schedule.ts'
import type { TrainingState } from './training-state.ts'

/** The run as one step sees it: tensors that rest in it are constants, of which no gradient is computed. */
function withResting(pipeline: Pipeline, state: TrainingState, optimizer: Optimizer, progress: Progress) {
  const entries = Object.entries(state.trainables)
  const resting = entries.filter(([name]) => optimizer.moves?.(name, progress) === false)
  if (resting.length === 0) return { pipeline, state }
  const rests = new Set(resting.map(([name]) => name))
  return {
    pipeline: { ...pipeline, constants: { ...pipeline.constants, ...Object.fromEntries(resting) } },
    state: { ...state, trainables: Object.fromEntries(entries.filter(([name]) => !rests.has(name))) },
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
  { totalSteps, weights }: StepScalars,
): { state: TrainingState; metrics: StepMetrics } {
  return tf.tidy(() => {
    const progress = { step: state.step, totalSteps }
    const moving = withResting(pipeline, state, optimizer, progress)
    const pass =
      batches.length === 1
        ? gradientPass(moving.pipeline, moving.state, batches[0]!, weights)
        : accumulate(moving.pipeline, moving.state, batches, weights)
    const { statistics, metrics } = pass
    const gradients = gradientsOf(pass.gradients)
    const norm = gradients.norm()
    const updated = optimizer.update({ ...state, gradients, specs: pipeline.specs, progress })
    const trainables = { ...state.trainables, ...updated.trainables }
    const run = { trainables, statistics, step: state.step }
    const extra = pipeline.states.map(({ name, update }) => inScope(name, update(scopeOf(name, state.extra), run)))
    return {
      state: {
        step: state.step + 1,
        trainables,
        slots: { ...state.slots, ...updated.slots },
        statistics,
        extra: Object.assign({}, ...extra) as Record<string, tf.Tensor>,
      },
      metrics: { ...metrics, 'gradient-norm': norm },
    }
  })
}
