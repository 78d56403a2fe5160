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

/** @throws GpdError `config.invalid` for an optimizer that moves no tensor in any step */
function checkMoves({ optimizer, pipeline, totalSteps, lastStep }: TrainingLoop): void {
  const names = Object.keys(pipeline.initial.trainables)
  for (let step = 0; step < lastStep; step++)
    if (names.some((name) => optimizer.moves?.(name, { step, totalSteps }) ?? true)) return
  throw new GpdError(
    'config.invalid',
    `distill: optimizer: expected one that moves some tensor within ${lastStep} steps, got ${optimizer.name}.`,
    'Give some group of partition() an optimizer that trains, or a turn in these steps.',
  )
}

/**
 * @throws GpdError `config.invalid` for an epoch without a step, patience without a validation set, or an optimizer that moves
 *   nothing
 */
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
  const loop = {
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
  checkMoves(loop)
  return loop
}
