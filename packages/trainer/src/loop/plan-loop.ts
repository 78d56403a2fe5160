import { GpdError } from '@gpdjs/core'
import type { FilledDistillOptions } from '../distill-options.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { combineCallbacks } from '../callbacks.ts'
import { outputCache } from './output-cache.ts'
import type { TrainingLoop } from './train-epoch.ts'

/** What stays the same through a run of `distill`, with the numbers that its loop over epochs needs. */
export interface PlannedLoop extends TrainingLoop {
  readonly epochs: number
  readonly stepsPerEpoch: number
  readonly evaluateEvery: number
  readonly patience: number
}

/** @throws GpdError `config.invalid` for an epoch without a step, or patience without a validation set */
export function planLoop(options: FilledDistillOptions, pipeline: Pipeline): PlannedLoop {
  const {
    data,
    optimizer,
    epochs,
    batchSize,
    accumulate,
    evaluateEvery,
    callbacks,
    signal,
    seed,
    patience,
    divergence,
  } = options
  const stepsPerEpoch = Math.floor(Math.floor(data.train.size / batchSize) / accumulate)
  if (stepsPerEpoch === 0) {
    throw new GpdError(
      'config.invalid',
      `distill: ${data.train.size} training samples make no step of ${accumulate} batches of ${batchSize}.`,
      'Use a smaller batch.',
    )
  }
  if (patience !== undefined && data.validation === undefined) {
    const problem = `distill: patience: expected a validation set to judge epochs by, got none.`
    throw new GpdError('config.invalid', problem, 'Give data.validation, or leave patience out.')
  }
  const totalSteps = epochs * stepsPerEpoch
  return {
    pipeline,
    optimizer,
    source: data.train,
    cache: outputCache(pipeline, data.train.varying),
    batchSize,
    accumulate,
    epochs,
    stepsPerEpoch,
    totalSteps,
    lastStep: Math.min(totalSteps, options.maxSteps ?? totalSteps),
    evaluateEvery,
    patience: patience ?? Infinity,
    seed,
    callbacks: combineCallbacks([callbacks].flat()),
    signal,
    divergence,
  }
}
