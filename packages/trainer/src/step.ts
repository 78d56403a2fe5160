import * as tf from '@tensorflow/tfjs'
import { accumulate, gradientPass, type StepMetrics, type StepScalars, type TrainingBatch } from './gradient-pass.ts'
import { clipByGlobalNorm, clippingScale, globalNorm } from './optimizers/clip.ts'
import type { Optimizer, UpdateContext, Updated } from './optimizers/optimizer.ts'
import type { Pipeline } from './pipeline/pipeline.ts'
import { inScope, scopeOf } from './pipeline/scope.ts'
import type { TrainingState } from './training-state.ts'

/** Clips the gradients and updates; in one go where optimizer and backend can. */
function update(optimizer: Optimizer, context: UpdateContext, norm: tf.Scalar): Updated {
  const { clipGlobalNorm: limit } = optimizer
  return (
    optimizer.fusedUpdate?.(context, clippingScale(norm, limit)) ??
    optimizer.update({ ...context, gradients: clipByGlobalNorm(context.gradients, norm, limit) })
  )
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
  { learningRate, weights }: StepScalars,
): { state: TrainingState; metrics: StepMetrics } {
  return tf.tidy(() => {
    const single = batches.length === 1
    const { gradients, statistics, metrics } = single
      ? gradientPass(pipeline, state, batches[0]!, weights)
      : accumulate(pipeline, state, batches, weights)
    const norm = globalNorm(gradients)
    const { specs } = pipeline
    const updated = update(optimizer, { ...state, gradients, specs, learningRate }, norm)
    const run = { trainables: updated.trainables, statistics, step: state.step }
    const extra = pipeline.states.map(({ name, update }) => inScope(name, update(scopeOf(name, state.extra), run)))
    return {
      state: {
        step: state.step + 1,
        ...updated,
        statistics,
        extra: Object.assign({}, ...extra) as Record<string, tf.Tensor>,
      },
      metrics: { ...metrics, 'gradient-norm': norm },
    }
  })
}
