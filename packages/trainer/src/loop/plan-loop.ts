import { GpdError } from '@gpdjs/core'
import type { DistillOptions } from '../distill-options.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { combineCallbacks } from './callbacks.ts'
import { outputCache } from './output-cache.ts'
import type { TrainingLoop } from './train-epoch.ts'

const positive = (name: string, value: number): number => {
  if (Number.isInteger(value) && value > 0) return value
  throw new GpdError('config.invalid', `distill: ${name}: expected a positive integer, got ${value}.`)
}

/** What stays the same through a run of `distill`, with the numbers that its loop over epochs needs. */
export interface PlannedLoop extends TrainingLoop {
  readonly epochs: number
  readonly stepsPerEpoch: number
  readonly evaluateEvery: number
  readonly patience: number
}

/**
 * Options with defaults filled in.
 *
 * @throws GpdError `config.invalid` for numbers out of range, or an epoch without a step
 */
export function planLoop(options: DistillOptions, pipeline: Pipeline): PlannedLoop {
  const { data, optimizer, callbacks = [], signal, seed = 42, patience } = options
  const batchSize = positive('batchSize', options.batchSize ?? 64)
  const accumulate = positive('accumulate', options.accumulate ?? 1)
  const epochs = positive('epochs', options.epochs)
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
    evaluateEvery: positive('evaluateEvery', options.evaluateEvery ?? 1),
    patience: patience === undefined ? Infinity : positive('patience', patience),
    seed,
    callbacks: combineCallbacks([callbacks].flat()),
    signal,
  }
}
