import * as tf from '@tensorflow/tfjs'
import type { Optimizer } from '../optimizers/optimizer.ts'
import type { BatchSource, TensorBatch } from '../data/batch-source.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import { valueAt } from '../schedule.ts'
import type { StepScalars, TrainingBatch } from '../gradient-pass.ts'
import { trainingStep } from '../step.ts'
import { disposeReplaced, type TrainingState } from '../training-state.ts'
import type { Callbacks, Logs } from './callbacks.ts'
import type { LogitsCache } from './logits-cache.ts'
import { waitedFor } from './data-wait.ts'
import { groupsOf } from './groups.ts'
import { Lookahead } from './lookahead.ts'
import { readMetrics } from './read-metrics.ts'
import { RunningMean } from './running-mean.ts'

/** What stays the same through a run. */
export interface TrainingLoop {
  readonly pipeline: Pipeline
  readonly optimizer: Optimizer
  readonly source: BatchSource
  readonly caches: ReadonlyMap<string, LogitsCache>
  readonly batchSize: number
  /** Batches whose mean gradient makes one step. */
  readonly accumulate: number
  /** Length that schedules are stretched over. */
  readonly totalSteps: number
  /** Where to stop, if earlier. */
  readonly lastStep: number
  readonly seed: number
  readonly callbacks: Required<Callbacks>
  readonly signal: AbortSignal | undefined
}

export type Outcome = 'completed' | 'stopped' | 'aborted' | 'diverged'

export interface EpochResult {
  readonly state: TrainingState
  readonly logs: Record<string, number>
  /** `completed`: the epoch is over; anything else: training is. */
  readonly outcome: Outcome
  /** Which numbers were not finite, where training diverged. */
  readonly problem?: string
}

function scalarsAt({ pipeline, totalSteps }: TrainingLoop, step: number): StepScalars {
  const progress = { step, totalSteps }
  return {
    totalSteps,
    weights: Object.fromEntries(pipeline.terms.map(({ name, weight }) => [name, valueAt(weight, progress)])),
  }
}

async function withCachedLogits(batch: TensorBatch, caches: TrainingLoop['caches']): Promise<TrainingBatch> {
  const logits: Record<string, tf.Tensor2D> = {}
  for (const [name, cache] of caches) logits[name] = await cache.logits(batch)
  return { ...batch, index: tf.tensor1d(Int32Array.from(batch.index), 'int32'), logits }
}

const disposeBatch = ({ xs, ys, views, index, logits }: TrainingBatch) =>
  tf.dispose([xs, ys, { ...views }, index, { ...logits }])

const notFinite = (values: Logs): string[] => Object.keys(values).filter((name) => !Number.isFinite(values[name]))

/** Milliseconds: browsers round their clock, down to no time at all for a step. */
const CLOCK_RESOLUTION = 1

const disposeSamples = ({ index: _, ...tensors }: TensorBatch) => tf.dispose(tensors)

/** The batches of an epoch in groups that make one step each, one group ahead of the step. */
function groupsAhead({ source, batchSize, seed, accumulate }: TrainingLoop, epoch: number): Lookahead<TensorBatch[]> {
  const batches = source.batches({ batchSize, seed, epoch, shuffle: true })
  return new Lookahead(groupsOf(batches, accumulate, disposeSamples), (group) => group.forEach(disposeSamples))
}

/** A step with what it says of itself; `prepare` is called while it may still be computing. */
async function takeStep(loop: TrainingLoop, state: TrainingState, group: TensorBatch[], prepare: () => void) {
  const batches = await Promise.all(group.map((batch) => withCachedLogits(batch, loop.caches)))
  const scalars = scalarsAt(loop, state.step)
  const { state: next, metrics } = trainingStep(loop.pipeline, loop.optimizer, state, batches, scalars)
  batches.forEach(disposeBatch)
  const reading = readMetrics(metrics)
  const waited = await waitedFor(reading, prepare)
  const rates = loop.optimizer.rates({ step: state.step, totalSteps: loop.totalSteps })
  return { next, values: await reading, waited, rates }
}

/** Steps until the data, or training, is over. Each step replaces the state that `replace` is told of. */
async function trainOn(
  groups: Lookahead<TensorBatch[]>,
  loop: TrainingLoop,
  start: TrainingState,
  replace: (state: TrainingState) => void,
): Promise<EpochResult> {
  const mean = new RunningMean()
  let state = start
  const end = (outcome: Outcome, problem?: string): EpochResult => ({
    state,
    logs: mean.values(),
    outcome,
    ...(problem && { problem }),
  })

  for (;;) {
    const began = performance.now()
    const group = groups.take()
    if (group === undefined) return end('completed')
    const loaded = performance.now() - began
    const goesOn = state.step + 1 < loop.lastStep
    const { next, values, waited, rates } = await takeStep(loop, state, group, () => {
      if (goesOn) groups.prepare()
    })
    const broken = notFinite(values)
    if (broken.length > 0) {
      disposeReplaced(next, state)
      const at = Object.entries(rates).map(([name, rate]) => `, ${name.replace('-', ' ')} ${rate}`)
      return end('diverged', `${broken.join(', ')} not finite at step ${state.step}${at.join('')}`)
    }
    disposeReplaced(state, next)
    state = next
    replace(state)
    const milliseconds = Math.max(performance.now() - began, CLOCK_RESOLUTION)
    const logs = {
      ...values,
      acc: values['student/accuracy']!,
      ...rates,
      'images-per-second': (1000 * loop.batchSize * group.length) / milliseconds,
      'data-wait': (loaded + waited) / milliseconds,
    }
    mean.add(logs)
    await loop.callbacks.onBatchEnd(state.step, logs)
    if (loop.signal?.aborted) return end('aborted')
    if (state.step >= loop.lastStep) return end(state.step >= loop.totalSteps ? 'completed' : 'stopped')
  }
}

/**
 * One pass over the data. The state that goes in is disposed of, except where the one that comes out is the same.
 *
 * @throws whatever the source or a callback throws, once, after the steps before it; no state is left then
 */
export async function trainEpoch(loop: TrainingLoop, start: TrainingState, epoch: number): Promise<EpochResult> {
  const groups = groupsAhead(loop, epoch)
  let state = start
  try {
    return await trainOn(groups, loop, start, (next) => void (state = next))
  } catch (error) {
    disposeReplaced(state)
    throw error
  } finally {
    groups.close()
  }
}
